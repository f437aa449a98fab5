import type { SignUpFacts } from './sign-up.ts';

/** What a password reset is for: an account or, for an address without one, its only sign-up or its several sign-ups. */
export type ResetSubject =
  | { kind: 'account'; fullName: string }
  | ({ kind: 'sign-up' } & SignUpFacts)
  | { kind: 'sign-ups' };
