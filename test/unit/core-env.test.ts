import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseEnv, SERVER_SETTINGS, SETTINGS, warningsOf, WORKER_SETTINGS } from '../../core/env/index.ts';
import { envExample, settingRows, settingTable } from '../../core/env/docs-table.ts';
import { good, namesOf, problemsOf, production } from './core-env.ts';

/** A readable file, for settings that are paths of PEM files. */
const here = fileURLToPath(import.meta.url);

test('a setting that is not set has its default', () => {
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

test('all problems are reported at once, each in one line with its setting first', () => {
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

test('production reports every default that it refuses, in a line each', () => {
  const required = settingRows().flatMap(({ name, requiredInProduction }) => (requiredInProduction ? [name] : []));
  expect(required).toEqual(
    expect.arrayContaining(['JWT_KEYS', 'SECRET_KEY', 'METRICS_TOKEN', 'RATE_LIMIT_URL', 'MAIL_URL', 'PUBLIC_URL']),
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
  ['PUBLIC_URL', 'http://atrium.example.com'],
  ['PUBLIC_URL', 'http://localhost.example.com:3000'],
  ['APP_URL', 'http://10.0.0.1'],
])('production refuses %s=%s', (name, value) => {
  expect(problemsOf({ ...production, [name]: value })).toEqual([
    expect.stringMatching(/must (not )?be .* in production/),
  ]);
  expect(problemsOf({ ...good, [name]: value })).toEqual([]);
});

test('production accepts http:// for this machine only', () => {
  for (const host of ['localhost', 'localhost:3000', '127.0.0.1', '[::1]:3000']) {
    expect(problemsOf({ ...production, PUBLIC_URL: `http://${host}/atrium` })).toEqual([]);
  }
  expect(namesOf(problemsOf({ ...production, PUBLIC_URL: '' }))).toEqual(['PUBLIC_URL']);
});

test('Upstash is refused without its token', () => {
  const upstash = { ...good, RATE_LIMIT_URL: 'https://eu1.upstash.io' };
  expect(namesOf(problemsOf(upstash))).toEqual(['RATE_LIMIT_TOKEN']);
  expect(namesOf(problemsOf({ ...upstash, RATE_LIMIT_TOKEN: '  ' }))).toEqual(['RATE_LIMIT_TOKEN']);
  expect(problemsOf({ ...upstash, RATE_LIMIT_TOKEN: 'AXx=' })).toEqual([]);
});

test("a client certificate of Temporal's is refused without its key, and a key without its certificate", () => {
  const [certificate, secret] = ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'];
  expect(namesOf(problemsOf({ ...good, [certificate]: here }))).toEqual([secret]);
  expect(namesOf(problemsOf({ ...good, [secret]: here }))).toEqual([certificate]);
  expect(problemsOf({ ...good, [certificate]: here, [secret]: here })).toEqual([]);
});

test.each([['0.0.0.0/0'], ['::/0'], ['0.0.0.0/1,128.0.0.0/1'], ['128.0.0.0/2'], ['::ffff:0:0/96'], ['2000::/3']])(
  'trusting %s as a proxy gives a warning at the start',
  (ranges) => {
    const env = parseEnv({ ...good, TRUSTED_PROXIES: `10.0.0.0/8,${ranges}` }, SERVER_SETTINGS);
    expect(warningsOf(env)).toEqual([expect.stringMatching(/^TRUSTED_PROXIES: /)]);
  },
);

test('trusting private networks, or a few of a provider, gives no warning', () => {
  const ranges =
    '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,100.64.0.0/10,104.16.0.0/13,fc00::/7,2606:4700::/32';
  expect(warningsOf(parseEnv({ ...good, TRUSTED_PROXIES: ranges }, SERVER_SETTINGS))).toEqual([]);
});

test('a RATE_LIMIT_FACTOR above 1 gives a warning in production', () => {
  const env = { ...production, RATE_LIMIT_FACTOR: '2' };
  expect(warningsOf(parseEnv(env, SERVER_SETTINGS))).toEqual([expect.stringMatching(/^RATE_LIMIT_FACTOR: /)]);
  expect(warningsOf(parseEnv({ ...env, NODE_ENV: 'development' }, SERVER_SETTINGS))).toEqual([]);
});

test('.env.example and the docs are what the schema says', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(await read('.env.example')).toBe(envExample());
  expect(await read('docs/configuration.md')).toContain(settingTable());
});
