import { expect } from 'vitest';

// Vitest types its matchers as `any`; these constants are `unknown` instead.

export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
export const aList: unknown = expect.any(Array);

/** A time in the format of the contract: ISO 8601, UTC. */
export const aTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

export const aUuidV7: unknown = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
);

/** @returns a matcher for a text of this form */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

export function oneOf(values: readonly unknown[]): unknown {
  return expect.toBeOneOf([...values]);
}
