const MINUTE = 60;
const HOUR = 60 * MINUTE;

export interface Rule {
  /** How often within `seconds`, a sliding window. */
  tokens: number;
  seconds: number;
}

/** The limits' only copy. What each counts by stands in its name. */
export const RULES = {
  registersByAddress: { tokens: 3, seconds: HOUR },
  /** Sign-ups that were refused for their password are none of those three, but zxcvbn has worked for them. */
  weakSignUpsByAddress: { tokens: 30, seconds: HOUR },
  loginsByAccountAndAddress: { tokens: 5, seconds: MINUTE },
  loginsByAddress: { tokens: 20, seconds: MINUTE },
  loginFailuresByAccount: { tokens: 100, seconds: HOUR },
  refreshesBySession: { tokens: 10, seconds: MINUTE },
  mailsByRecipient: { tokens: 3, seconds: HOUR },
  verifyFailuresByToken: { tokens: 5, seconds: HOUR },
  acceptFailuresByAddress: { tokens: 5, seconds: HOUR },
  callsByCaller: { tokens: 300, seconds: MINUTE },
  callsByTenant: { tokens: 3_000, seconds: MINUTE },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
