import { proxyActivities } from '@temporalio/workflow';
import type { MailActivities } from '../activities/mail/send.ts';
import type { SendEmailInput } from '../contract.ts';

/**
 * A mail server that is down delays a mail and never loses it: tried for as long as it takes. A worker that is gone, or that never got the
 * task, is not waited for: 10 s without a heartbeat, and another try begins. (The SDK sends them on every 8 s: four fifths of the timeout.)
 */
const { send } = proxyActivities<MailActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '2m' },
});

export async function sendEmail(input: SendEmailInput): Promise<void> {
  await send(input);
}
