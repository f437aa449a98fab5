/** A caller, and the operations that it calls. */
export interface Identity {
  name: string;
  token?: string;
  /** The value of `X-Tenant-Slug`; schemathesis does not generate another. */
  tenant?: string;
  /** A pattern of the paths that this caller may use. There each boundary of the input is tried, elsewhere a few cases. */
  home: string;
  /** A pattern of the paths that it calls; all by default. */
  within?: string;
  /** `spare`: operations that it does not call; `only`: the only ones that it calls. */
  spare?: readonly string[];
  only?: readonly string[];
}

/** The answers to valid input. 422 is a weak password, which no schema can describe. */
const ACCEPTED = ['2xx', '401', '403', '404', '409', '410', '422'];

/** Operations that often refuse schema-valid input, because of rules that no schema can describe. */
const CHOOSY = {
  // A generated mailed token is answered with 400.
  tokens: ['auth-previewSignUp', 'auth-verifyEmail', 'auth-resetPassword', 'invites-preview', 'invites-accept'],
  // The expiry of a key must be in the future and within ten years.
  times: ['apiKeys-create'],
};

/** @returns the configuration of schemathesis as TOML. JSON strings and lists are valid TOML. */
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
