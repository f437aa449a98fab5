import { proxyActivities } from '@temporalio/workflow';
import type { MailActivities } from '../activities/mail.ts';
import type { SendEmailInput } from '../contract.ts';

/** A mail server that is down delays a mail and never loses it: tried for as long as it takes. */
const { send } = proxyActivities<MailActivities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', maximumInterval: '2m' },
});

export async function sendEmail(input: SendEmailInput): Promise<void> {
  await send(input);
}
