/** Which mail, and the row that it is written from. Ids only: it is kept in the outbox and in workflows' histories. */
export type MailOrder =
  | { template: 'verify-email'; signUpId: string }
  /** New mails for the pending sign-ups of the request's address. */
  | { template: 'resend-verification'; requestId: string }
  | { template: 'reset-password'; requestId: string }
  | { template: 'invite'; inviteId: string };
