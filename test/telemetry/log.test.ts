import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { mintApiKey } from '../../core/auth/api-key.ts';
import { createLog } from '../../core/log/log.ts';
import { mintMailedToken } from '../../core/auth/mailed-token.ts';
import { at } from '../support/rest.ts';

function listen() {
  const lines: string[] = [];
  const log = createLog({ name: 'test', format: 'json', to: { write: (line) => void lines.push(line) } });
  return { log, lines, text: () => lines.join('') };
}

const secret = Buffer.alloc(32, 7);
const mailed = mintMailedToken(
  { current: secret, all: [secret] },
  { kind: 'invite', id: crypto.randomUUID(), email: 'ada@example.com' },
);
const { key } = mintApiKey();
const JWT = `eyJhbGciOiJFZERTQSJ9.${Buffer.from('{"sub":"ada"}').toString('base64url')}.${'s'.repeat(86)}`;

const SECRETS: Record<string, string> = {
  'an access token': JWT,
  'an API key': key,
  'a mailed token': mailed,
  'a hash of a password': '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g',
};

for (const [what, value] of Object.entries(SECRETS)) {
  test(`${what} is redacted from the log wherever it occurs`, () => {
    const { log, lines, text } = listen();
    log.info({ deep: { list: [`before ${value} after`] } }, `said: ${value}.`);
    log.error({ err: new Error(`refused ${value}`) }, 'failed');
    // The end of a secret must not be logged either.
    expect(text()).not.toContain(value.slice(-20));
    expect(lines.map((line) => at(JSON.parse(line), 'level'))).toEqual([30, 50]);
    expect(text()).toContain('before ');
  });
}

test('a token in a link, a bearer token and the password of a URL are redacted from the log', () => {
  const { log, text } = listen();
  log.info('https://app.example.com/reset-password?token=canary1&x=1');
  log.info('Authorization: Bearer canary2');
  log.info('Authorization: Bearer  canary4');
  log.info('connecting to postgres://atrium_app:canary3@db:5432/atrium');
  log.info('connecting to redis://:p@canary5@redis:6379');
  expect(text()).not.toContain('canary');
  expect(text()).toContain('&x=1');
  expect(text()).toContain('@db:5432/atrium');
});

const KEYS = [
  ...['password', 'newPassword', 'accessToken', 'refreshToken', 'token', 'authorization', 'cookie', 'key', 'apiKey'],
  ...['Authorization', 'set-cookie', 'password_hash', 'token_hash', 'refresh_token', 'SECRET_KEY'],
];

test.each(KEYS)('a value under %s is redacted from the log, at any depth, and in JSON text', (name) => {
  for (const value of ['canary', 'a"canary', 'a\\canary', '"canary', '\\"canary\\', 'a\\', 'a\ncanary"']) {
    const { log, lines, text } = listen();
    log.info({ input: { user: { [name]: value, next: 'kept' } } }, 'deep');
    log.info({ body: JSON.stringify({ [name]: value, next: 'kept' }) }, 'as text');
    log.info({ headers: { [name]: [value, 'canary'], next: 'kept' } }, 'a list');
    expect(text()).not.toContain('canary');
    expect(text().match(/kept/g)).toHaveLength(3);
    for (const line of lines) expect(at(JSON.parse(line), 'level')).toBe(30);
  }
});

test.each(['password', 'token', 'key'])(
  'a value under %s at the top of a log line is redacted, whatever its type',
  (name) => {
    const { log, text } = listen();
    for (const value of ['canary', ['canary'], { inner: 'canary' }]) log.info({ [name]: value }, 'on top');
    expect(text()).not.toContain('canary');
  },
);

test("an error is logged without a query's parameters, also under the name that Temporal gives it", () => {
  const { log, text } = listen();
  const error = new DrizzleQueryError('insert into users values ($1)', ['canary'], new Error('duplicate key'));
  log.error({ err: error }, 'failed');
  log.warn({ error }, 'Activity failed');
  expect(text()).not.toContain('canary');
  expect(text().match(/duplicate key/g)).toHaveLength(2);
});

test('line breaks and escapes that a caller sends stay within one log line', () => {
  const { log, lines } = listen();
  log.info({ path: 'a\r\n{"level":60,"msg":"forged"}\u001b[2J\u2028' }, 'said\r\nforged');
  expect(lines).toHaveLength(1);
  for (const sign of ['\r', '\n', '\u001b']) expect(lines[0]?.trimEnd()).not.toContain(sign);
});

test('a value that only resembles a secret is logged unchanged', () => {
  const { log, text } = listen();
  const id = crypto.randomUUID();
  log.info({ tenantId: id, path: '/trpc/apiKeys.list', key2: 'kept', url: 'http://localhost:3000/' }, 'request');
  for (const kept of [id, '/trpc/apiKeys.list', 'kept', 'http://localhost:3000/']) expect(text()).toContain(kept);
});
