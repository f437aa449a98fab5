import { proxyActivities } from '@temporalio/workflow';
import type { MailActivities } from '../activities/mail/send.ts';
import type { SendEmailInput } from '../contract.ts';

/**
 * Retries have no limit: a mail server that is down delays a mail and does not lose it. After 10 s without a heartbeat
 * Temporal starts another attempt, because the worker is gone or never got the task. The SDK sends heartbeats every 8 s
 * (80 % of the timeout).
 */
const { send } = proxyActivities<MailActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '2m' },
});

export async function sendEmail(input: SendEmailInput): Promise<void> {
  await send(input);
}
