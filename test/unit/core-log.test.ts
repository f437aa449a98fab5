import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { describeError } from '../../core/log/describe-error.ts';

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$canary';

test("a failed query is logged with PostgreSQL's message and without its parameters", () => {
  const cause = Object.assign(new Error('duplicate key value violates unique constraint "users_email_key"'), {
    code: '23505',
    constraint_name: 'users_email_key',
    detail: `Key (email)=(${HASH}) already exists.`,
  });
  const told = describeError(new DrizzleQueryError('insert into users values ($1)', [HASH], cause));

  expect(JSON.stringify(told)).not.toContain('canary');
  expect(told).toMatchObject({
    message: 'Failed query: insert into users values ($1)',
    cause: { code: '23505', constraint: 'users_email_key' },
  });
});

test('the parameters of a failed query are not logged either when another error has copied its message', () => {
  const query = new DrizzleQueryError('insert into users values ($1)', [HASH, 'ada@example.com'], new Error('denied'));
  const told = describeError(new Error(query.message, { cause: query }));
  expect(JSON.stringify(told)).not.toMatch(/canary|ada@example/);
  expect(told.message).toBe('Failed query: insert into users values ($1)');
});

test('a thrown value that is no Error is not logged', () => {
  expect(describeError({ password: HASH })).toEqual({ type: 'object', message: 'not an Error' });
});

test('an endless chain of causes is logged up to a limit', () => {
  const error = new Error('endless');
  error.cause = error;
  expect(JSON.stringify(describeError(error)).match(/endless/g)?.length).toBeLessThan(10);
});
