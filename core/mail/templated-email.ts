import { z } from 'zod';

/** Which mail, and the row that it is written from. Ids only: it is kept in the outbox and in workflows' histories. */
export const templatedEmailSchema = z.discriminatedUnion('template', [
  z.strictObject({ template: z.literal('verify-email'), signUpId: z.uuid() }),
  /** New mails for the pending sign-ups of the request's address. */
  z.strictObject({ template: z.literal('resend-verification'), requestId: z.uuid() }),
  z.strictObject({ template: z.literal('reset-password'), requestId: z.uuid() }),
  z.strictObject({ template: z.literal('invite'), inviteId: z.uuid() }),
]);

export type TemplatedEmail = z.output<typeof templatedEmailSchema>;
