/** Who calls, and what they are let do. */
export interface Identity {
  name: string;
  token?: string;
  /** Sent as `X-Tenant-Slug`, also where another would be made up. */
  tenant?: string;
  /** A pattern of the paths that it gets furthest in: there each boundary of the input is tried, elsewhere a few cases. */
  home: string;
  /** A pattern of the paths that it calls; all if not said. */
  within?: string;
  /** Operations that it does not call, or the only ones that it does. */
  spare?: readonly string[];
  only?: readonly string[];
}

/** How valid input is answered; 422 is a weak password: no schema says what is one. */
const ACCEPTED = ['2xx', '401', '403', '404', '409', '410', '422'];

/** Schema-valid input of these is refused as often as not, by what no schema can say. */
const CHOOSY = {
  // A mailed token is made up, and 400.
  tokens: ['auth-previewSignUp', 'auth-verifyEmail', 'auth-resetPassword', 'invites-preview', 'invites-accept'],
  // A key expires in the future, and within ten years.
  times: ['apiKeys-create'],
};

/** schemathesis' configuration, as TOML. A JSON text or list is one of TOML too. */
export function configOf({ tenant, home }: Identity): string {
  return `
continue-on-failure = true
auth = { auto-signup = false }

[checks.positive_data_acceptance]
expected-statuses = ${JSON.stringify(ACCEPTED)}

[phases.coverage]
# One that the server knows, and one that no address has.
unexpected-methods = ["PUT", "TRACE"]

[checks.negative_data_rejection]
# 431 by Bun, of a query that is very long.
expected-statuses = ["400", "401", "403", "404", "405", "409", "410", "415", "422", "429", "431"]

[parameters]
${tenant === undefined ? '' : `"header.X-Tenant-Slug" = ${JSON.stringify(tenant)}`}

[[operations]]
exclude-path-regex = ${JSON.stringify(home)}
phases.coverage.enabled = false
generation.max-examples = 1

[[operations]]
include-operation-id = ${JSON.stringify([...CHOOSY.tokens, ...CHOOSY.times])}
checks.positive_data_acceptance.expected-statuses = ${JSON.stringify([...ACCEPTED, '400'])}
`;
}
