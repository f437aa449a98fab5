import type { SignUpFacts } from './sign-up.ts';

/** What a new password is for: an account, or the only sign-up or several sign-ups of an address without one. */
export type ResetSubject =
  | { kind: 'account'; fullName: string }
  | ({ kind: 'sign-up' } & SignUpFacts)
  | { kind: 'sign-ups' };
