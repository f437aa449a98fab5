import { expect } from 'vitest';
import { errorOf, type Mount } from './mounts.ts';
import type { Answer } from './rest.ts';

/**
 * Checks that an answer has the headers of the contract's "HTTP" rule.
 * @param csp the expected policy, if it is not the usual one (pages)
 * @param cacheControl the expected value, if it is not the usual one (static files)
 */
export function expectGuarded(
  { headers }: Pick<Answer, 'headers'>,
  csp = "default-src 'none'; frame-ancestors 'none'",
  cacheControl = 'no-store',
): void {
  expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8,}/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe(cacheControl);
  expect(headers.get('content-security-policy')).toBe(csp);
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
  expect(headers.get('server')).toBeNull();
  expect(headers.get('x-powered-by')).toBeNull();
}

/**
 * Checks that an error has the fields of the contract, and shows no internals of the server.
 * @param more the further fields of this reason
 */
export function expectError(mount: Mount, answer: Answer, more: string[] = []): void {
  const error = errorOf(mount, answer);
  const optional = new Set(['issues', 'path', 'retryAfter', ...more]);
  const names = namesOf(error).filter((name) => !optional.has(name));
  const requestId = answer.headers.get('x-request-id');
  if (mount === 'REST') {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(names.toSorted()).toEqual(['detail', 'reason', 'requestId', 'status', 'title', 'type']);
    expect(error).toMatchObject({ status: answer.status, requestId });
  } else {
    expect(names.toSorted()).toEqual(['code', 'httpStatus', 'reason', 'requestId']);
    expect(error).toMatchObject({ httpStatus: answer.status, requestId });
  }
  for (const name of more) expect(error).toHaveProperty(name);
  expect(JSON.stringify(answer.body)).not.toMatch(
    /node_modules|\.ts:\d|at async|select |insert into|zod|drizzle|postgres/i,
  );
}

function namesOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
