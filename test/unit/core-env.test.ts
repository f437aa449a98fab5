import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { EnvError, parseEnv, SERVER_SETTINGS, SETTINGS, WORKER_SETTINGS } from '../../core/env/index.ts';
import { envExample, settingRows, settingTable } from '../../core/env/table.ts';

const jwk = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', d: 'BBBB', kid: 'one' };
const good = {
  DATABASE_URL: 'postgres://app:hunter2@localhost/atrium',
  DATABASE_OWNER_URL: 'postgres://owner:hunter2@localhost/atrium',
  TEMPORAL_ADDRESS: 'localhost:7233',
  JWT_KEYS: JSON.stringify({ keys: [jwk] }),
  SECRET_KEY: randomBytes(32).toString('base64'),
} as const;
const production = {
  ...good,
  NODE_ENV: 'production',
  RATE_LIMIT_URL: 'redis://localhost',
  MAIL_URL: 'smtp://localhost',
  METRICS_TOKEN: 'm'.repeat(16),
} as const;

function problemsOf(source: Record<string, string>, settings: typeof SETTINGS = SETTINGS): readonly string[] {
  try {
    parseEnv(source, settings);
    return [];
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
}
const namesOf = (problems: readonly string[]): string[] => problems.map((line) => /^(\w+): \S/.exec(line)?.[1] ?? line);

test('what is not set has its default', () => {
  expect(parseEnv(good, SETTINGS)).toMatchObject({
    NODE_ENV: 'development',
    PORT: 3000,
    HOST: '127.0.0.1',
    PUBLIC_URL: 'http://localhost:3000',
    DATABASE_POOL_MAX: 10,
    RATE_LIMIT_URL: 'memory:',
    MAIL_URL: 'file:.local/mail',
    CORS_ORIGINS: [],
    SUPERUSER_EMAILS: [],
  });
});

test('an empty value counts as not set', () => {
  const empty = Object.fromEntries(Object.keys(SETTINGS.shape).map((name) => [name, '']));
  expect(parseEnv({ ...empty, ...good }, SETTINGS)).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    METRICS_TOKEN: undefined,
  });
  expect(problemsOf({ ...production, METRICS_TOKEN: '' })).toEqual([
    expect.stringMatching(/^METRICS_TOKEN: is required/),
  ]);
});

test('a process reads its own settings and no others', () => {
  expect(Object.keys(parseEnv({ ...good, SUPERUSER_EMAILS: 'broken' }, SERVER_SETTINGS))).not.toContain(
    'DATABASE_OWNER_URL',
  );
  expect(Object.keys(WORKER_SETTINGS.shape)).not.toContain('JWT_KEYS');
});

test('every problem is told at once, each in one line with its setting first', () => {
  const problems = problemsOf({
    PORT: 'x',
    PUBLIC_URL: 'ftp://a',
    DATABASE_POOL_MAX: '0',
    CORS_ORIGINS: 'a,b,c',
    TRUSTED_PROXIES: '10.0.0.0/99,x',
  });
  expect(namesOf(problems).toSorted()).toEqual([
    'CORS_ORIGINS',
    'DATABASE_OWNER_URL',
    'DATABASE_POOL_MAX',
    'DATABASE_URL',
    'JWT_KEYS',
    'PORT',
    'PUBLIC_URL',
    'SECRET_KEY',
    'TEMPORAL_ADDRESS',
    'TRUSTED_PROXIES',
  ]);
  expect(problems.every((line) => !/[\r\n]/.test(line))).toBe(true);
});

test('production is told of every default that it refuses, in a line each', () => {
  const required = settingRows().flatMap(({ name, requiredInProduction }) => (requiredInProduction ? [name] : []));
  expect(required).toEqual(
    expect.arrayContaining(['JWT_KEYS', 'SECRET_KEY', 'METRICS_TOKEN', 'RATE_LIMIT_URL', 'MAIL_URL']),
  );
  const problems = problemsOf({ NODE_ENV: 'production' });
  expect(namesOf(problems).toSorted()).toEqual(
    [...required, 'DATABASE_URL', 'DATABASE_OWNER_URL', 'TEMPORAL_ADDRESS'].toSorted(),
  );
  expect(problemsOf(production)).toEqual([]);
});

test.each([
  ['RATE_LIMIT_URL', 'memory:'],
  ['MAIL_URL', 'file:mail'],
])('production refuses %s=%s', (name, value) => {
  expect(problemsOf({ ...production, [name]: value })).toEqual([expect.stringContaining('refused in production')]);
  expect(problemsOf({ ...good, [name]: value })).toEqual([]);
});

test.each([
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['DATABASE_URL', 'mysql://hunter2@localhost'],
  ['DATABASE_URL', 'hunter2'],
  ['DATABASE_OWNER_URL', 'https://hunter2@localhost'],
  ['TEMPORAL_ADDRESS', 'hunter2'],
  ['RATE_LIMIT_URL', 'http://hunter2@localhost'],
  ['MAIL_URL', 'https://hunter2@localhost'],
  ['JWT_KEYS', 'hunter2'],
  ['JWT_KEYS', '{"keys":[]}'],
  ['JWT_KEYS', JSON.stringify({ keys: [{ ...jwk, d: undefined, x: 'hunter2' }] })],
  ['JWT_KEYS', JSON.stringify({ keys: [{ ...jwk, crv: 'hunter2' }] })],
  ['SECRET_KEY', 'hunter2'],
  ['SECRET_KEY', `${good.SECRET_KEY},hunter2`],
  ['SECRET_KEY', `${good.SECRET_KEY},`],
  ['METRICS_TOKEN', 'hunter2'],
  ['TRUSTED_PROXIES', 'hunter2'],
  ['TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
  ['CORS_ORIGINS', 'https://app.example.com/'],
  ['CORS_ORIGINS', '*'],
  ['SUPERUSER_EMAILS', 'hunter2'],
])('%s=%s is refused, in one line that does not repeat it', (name, value) => {
  const problems = problemsOf({ ...good, [name]: value });
  expect(namesOf(problems)).toEqual([name]);
  expect(problems.join()).not.toContain('hunter2');
});

test('keys come in order: the first is used, all verify', () => {
  const [first, second] = [randomBytes(32), randomBytes(48)];
  const { SECRET_KEY: keys } = parseEnv(
    { ...good, SECRET_KEY: `${first.toString('base64')}, ${second.toString('base64')}` },
    SETTINGS,
  );
  expect(Buffer.from(keys.current)).toEqual(first);
  expect(keys.all.map((key) => Buffer.from(key))).toEqual([first, second]);
});

test('lists are read with spaces around their parts', () => {
  const env = parseEnv(
    {
      ...good,
      CORS_ORIGINS: ' https://a.example.com , http://localhost:5173,',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1, 192.0.2.7',
    },
    SETTINGS,
  );
  expect(env.CORS_ORIGINS).toEqual(['https://a.example.com', 'http://localhost:5173']);
  expect(env.TRUSTED_PROXIES.check('10.1.2.3')).toBe(true);
  expect(env.TRUSTED_PROXIES.check('::1', 'ipv6')).toBe(true);
  expect(env.TRUSTED_PROXIES.check('192.0.2.7')).toBe(true);
  expect(env.TRUSTED_PROXIES.check('192.0.2.8')).toBe(false);
});

test('.env.example and the docs are what the schema says', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(await read('.env.example')).toBe(envExample());
  expect(await read('docs/configuration.md')).toContain(settingTable());
});
