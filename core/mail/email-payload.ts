import { z } from 'zod';

/** The template of a mail and the id of its row. It holds ids only, since the outbox and workflow histories keep it. */
export const emailPayloadSchema = z.discriminatedUnion('template', [
  z.strictObject({ template: z.literal('verify-email'), signUpId: z.uuid() }),
  /** Sends new mails for the pending sign-ups of the request's address. */
  z.strictObject({ template: z.literal('resend-verification'), requestId: z.uuid() }),
  z.strictObject({ template: z.literal('reset-password'), requestId: z.uuid() }),
  z.strictObject({ template: z.literal('invite'), inviteId: z.uuid() }),
]);

export type EmailPayload = z.output<typeof emailPayloadSchema>;
