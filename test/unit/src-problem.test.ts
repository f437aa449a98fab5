import { TRPCError } from '@trpc/server';
import { expect, test } from 'vitest';
import { AppError, STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import { reportOf, toTRPCError } from '../../routers/procedures/errors.ts';
import { problemResponse, toProblem } from '../../src/rest/problem.ts';
import { matching } from '../support/matchers.ts';

const REQUEST_ID = 'request-0001';
const SECRET = 'select password_hash from users';

const reasons = Object.entries(STATUS_OF_REASON);

test.each(reasons)('%s becomes a problem of status %i', (name, status) => {
  const reason = reasonNamed(name);
  const problem = toProblem(reportOf(toTRPCError(new AppError(reason, 'What is wrong.'))), REQUEST_ID);
  expect(problem).toEqual({
    type: matching(/^urn:atrium:error:[a-z-]+$/),
    title: matching(/^[A-Z][a-z ]+$/),
    status,
    detail: 'What is wrong.',
    reason,
    requestId: REQUEST_ID,
  });
});

test('the answer to an unexpected error contains nothing of it', () => {
  const cause = new Error(SECRET);
  for (const error of [
    new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause }),
    new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: SECRET, cause }),
    new TRPCError({ code: 'CLIENT_CLOSED_REQUEST', message: SECRET }),
  ]) {
    const problem = toProblem(reportOf(error), REQUEST_ID);
    expect(problem).toMatchObject({ status: 500, reason: 'INTERNAL' });
    expect(JSON.stringify(problem)).not.toContain(SECRET);
  }
});

test('the answer to a refusal does not contain its cause', () => {
  const refusal = new AppError('CONFLICT', 'There is one.', {}, new Error(SECRET));
  expect(JSON.stringify(toProblem(reportOf(toTRPCError(refusal)), REQUEST_ID))).not.toContain(SECRET);
});

test('validation issues and the password score are beside the reason', () => {
  const issues = [{ path: ['steps', 0, 'name'], message: 'must not be empty' }];
  expect(
    toProblem(reportOf(toTRPCError(new AppError('VALIDATION_FAILED', 'Bad.', { issues }))), REQUEST_ID),
  ).toMatchObject({ issues });
  const password = { score: 1, warning: null, suggestions: ['Add a word.'] };
  expect(
    toProblem(reportOf(toTRPCError(new AppError('PASSWORD_TOO_WEAK', 'Weak.', { password }))), REQUEST_ID),
  ).toMatchObject(password);
});

test('the answer has Retry-After and WWW-Authenticate where they apply', () => {
  const later = problemResponse(
    reportOf(toTRPCError(new AppError('OVERLOADED', 'Busy.', { retryAfter: 3 }))),
    REQUEST_ID,
  );
  expect(later.status).toBe(503);
  expect(later.headers.get('retry-after')).toBe('3');
  expect(later.headers.get('content-type')).toBe('application/problem+json');
  const unknown = problemResponse(reportOf(toTRPCError(new AppError('UNAUTHENTICATED', 'Who?'))), REQUEST_ID);
  expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
});

function reasonNamed(name: string): Reason {
  if (name in STATUS_OF_REASON)
    return Object.keys(STATUS_OF_REASON).find((reason): reason is Reason => reason === name) ?? 'INTERNAL';
  throw new Error(`No reason ${name}`);
}
