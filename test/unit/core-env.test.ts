import { readFile } from 'node:fs/promises';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EnvError, parseEnv, SERVER_SETTINGS, SETTINGS, warningsOf, WORKER_SETTINGS } from '../../core/env/index.ts';
import { envExample, settingRows, settingTable } from '../../core/env/docs-table.ts';

const makeJwk = (kid: string) => ({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid });
const [jwk, otherJwk] = [makeJwk('one'), makeJwk('two')];
const jwks = (...keys: object[]): string => JSON.stringify({ keys });
/** A readable file, for settings that are paths of PEM files. */
const here = fileURLToPath(import.meta.url);
const good = {
  DATABASE_URL: 'postgres://app:hunter2@localhost/atrium',
  DATABASE_OWNER_URL: 'postgres://owner:hunter2@localhost/atrium',
  TEMPORAL_ADDRESS: 'localhost:7233',
  JWT_KEYS: jwks(jwk),
  SECRET_KEY: randomBytes(32).toString('base64'),
} as const;
const production = {
  ...good,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://atrium.example.com',
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

const WHOLE = ['PORT', 'DATABASE_POOL_MAX', 'RATE_LIMIT_FACTOR', 'AUDIT_RETENTION_DAYS', 'WORKER_METRICS_PORT'];
const DECIMAL = ['OTEL_TRACES_SAMPLER_ARG', 'DRAIN_SECONDS', 'SHUTDOWN_SECONDS'];
const NOT_PLAIN = [
  '0x10',
  '1e1',
  '+5',
  '-1',
  '05',
  ' 5',
  '5 ',
  '1_0',
  '1,0',
  '.5',
  '5.',
  'Infinity',
  'hunter2',
  '9'.repeat(400),
];

test.each([...WHOLE, ...DECIMAL])('%s accepts plain decimal digits only', (name) => {
  for (const value of NOT_PLAIN) expect(problemsOf({ ...good, [name]: value }), value).toHaveLength(1);
  expect(problemsOf({ ...good, [name]: '7.5' })).toHaveLength(DECIMAL.includes(name) && name !== DECIMAL[0] ? 0 : 1);
});

const random = randomBytes(32);
const repeated = (text: string, length: number): string => Buffer.alloc(length, text).toString('base64');

test.each([
  ['PORT', '65536'],
  ['HOST', 'hunter2_conda-linux-gnu'],
  ['HOST', 'hunter2:3000'],
  ['HOST', '256.0.0.1'],
  ['HOST', '*'],
  ['PUBLIC_URL', 'hunter2'],
  ['PUBLIC_URL', 'https:/hunter2'],
  ['PUBLIC_URL', ' https://hunter2'],
  ['PUBLIC_URL', 'https://hunter2@example.com'],
  ['PUBLIC_URL', 'https://example.com/?hunter2'],
  ['PUBLIC_URL', 'https://example.com/#hunter2'],
  ['PUBLIC_URL', 'https://example.com/?'],
  ['PUBLIC_URL', 'https://example.com//hunter2'],
  ['PUBLIC_URL', 'https://example.com/hunter2%20x'],
  ['APP_URL', 'hunter2.example.com'],
  ['DATABASE_URL', 'mysql://app:hunter2@localhost/atrium'],
  ['DATABASE_URL', 'hunter2'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost/'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost/atrium/more'],
  ['DATABASE_URL', 'postgres://app:hunter2%zz@localhost/atrium'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost/at%20rium'],
  ['DATABASE_URL', 'postgres://localhost/atrium'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost/atrium?sslmode=on'],
  ['DATABASE_URL', 'postgres://app:hunter2@localhost/atrium?sslkey=a.pem'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?sslmode=allow'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?sslmode=require&sslmode=disable'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?SSLMODE=require'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?sslrootcert=/etc/hunter2.pem'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?options=-c%20hunter2'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?schema=public'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?DateStyle=German'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?default_transaction_read_only=on'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?password=hunter2'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?hunter2'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?max=5'],
  ['DATABASE_URL', 'postgres://app:p@localhost/atrium?target_session_attrs=read-only'],
  ['DATABASE_OWNER_URL', 'postgres://owner:p@localhost/atrium?search_path=hunter2'],
  ['DATABASE_OWNER_URL', 'https://owner:hunter2@localhost/atrium'],
  ['DATABASE_OWNER_URL', 'postgres://owner:hunter2@localhost:0/atrium'],
  ['TEMPORAL_ADDRESS', 'hunter2'],
  ['TEMPORAL_ADDRESS', 'hunter2:0'],
  ['TEMPORAL_ADDRESS', 'hunter2:70000'],
  ['TEMPORAL_ADDRESS', 'https://hunter2:7233'],
  ['TEMPORAL_ADDRESS', '::1:7233'],
  ['TEMPORAL_NAMESPACE', 'hunter2 x'],
  ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/nowhere/hunter2.pem'],
  ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/'],
  ['TEMPORAL_TLS_SERVER_NAME', 'https://hunter2'],
  ['TEMPORAL_API_KEY', 'hunter2 x'],
  ['RATE_LIMIT_URL', 'http://hunter2@localhost'],
  ['RATE_LIMIT_URL', 'memory:hunter2'],
  ['RATE_LIMIT_URL', 'redis://'],
  ['RATE_LIMIT_URL', 'redis://:hunter2@localhost/zero'],
  ['RATE_LIMIT_URL', 'rediss://:hunter2%zz@localhost'],
  ['RATE_LIMIT_URL', 'redis://localhost?password=hunter2'],
  ['RATE_LIMIT_TOKEN', 'hunter2 x'],
  ['RATE_LIMIT_FACTOR', '0'],
  ['RATE_LIMIT_FACTOR', '100001'],
  ['MAIL_URL', 'https://hunter2@localhost'],
  ['MAIL_URL', 'smtp://'],
  ['MAIL_URL', 'smtp://:hunter2@localhost'],
  ['MAIL_URL', 'smtp://ada:hunter2%zz@localhost'],
  ['MAIL_URL', 'smtp://ada:hunter2@localhost?pool=false'],
  ['MAIL_URL', 'smtp://ada:hunter2@localhost/path'],
  ['MAIL_URL', 'file:'],
  ['MAIL_FROM', 'hunter2'],
  ['MAIL_FROM', 'a@hunter2.example.com, b@hunter2.example.com'],
  ['MAIL_FROM', 'Hunter2: a@hunter2.example.com;'],
  ['MAIL_FROM', 'Acme <no-reply@hunter2..com>'],
  ['MAIL_FROM', 'no reply <no hunter2@example.com>'],
  ['MAIL_FROM', 'Acme <no-reply@example.com> hunter2'],
  ['MAIL_FROM', 'Acme <no-reply@hunter2.example.com'],
  ['MAIL_FROM', 'Acme no-reply@hunter2.example.com'],
  ['MAIL_FROM', '<no-reply@hunter2.example.com>'],
  ['MAIL_FROM', 'Acme <<no-reply@hunter2.example.com>>'],
  ['MAIL_FROM', '"Acme <no-reply@hunter2.example.com>'],
  ['MAIL_FROM', '"Acme" Hunter2 <no-reply@example.com>'],
  ['MAIL_FROM', 'a@hunter2.example.com, Acme <no-reply@example.com>'],
  ['MAIL_FROM', 'Acme \u202eHunter2 <no-reply@example.com>'],
  ['MAIL_FROM', '\u200b <no-reply@hunter2.example.com>'],
  ['MAIL_FROM', '"" <no-reply@hunter2.example.com>'],
  ['MAIL_FROM', 'Acme <no-reply@hunter2.example.com>\r\nBcc: all@hunter2.example.com'],
  ['JWT_KEYS', 'hunter2'],
  ['JWT_KEYS', '{"keys":[]}'],
  ['JWT_KEYS', jwks({ ...jwk, d: undefined, x: 'hunter2' })],
  ['JWT_KEYS', jwks({ ...jwk, crv: 'hunter2' })],
  ['JWT_KEYS', jwks({ ...jwk, crv: 'X25519' })],
  ['JWT_KEYS', jwks({ ...jwk, x: otherJwk.x })],
  ['JWT_KEYS', jwks(jwk, { ...otherJwk, x: jwk.x })],
  ['JWT_KEYS', jwks({ ...jwk, d: 'hunter2' })],
  ['JWT_KEYS', jwks(jwk, { ...otherJwk, kid: jwk.kid })],
  ['JWT_KEYS', jwks({ ...jwk, use: 'enc' })],
  ['JWT_KEYS', jwks({ ...jwk, key_ops: ['verify'] })],
  ['SECRET_KEY', 'hunter2'],
  ['SECRET_KEY', `${good.SECRET_KEY},hunter2`],
  ['SECRET_KEY', `${good.SECRET_KEY},`],
  ['SECRET_KEY', `,${good.SECRET_KEY}`],
  [
    'SECRET_KEY',
    Buffer.from([...random.subarray(0, 31), 1])
      .toString('base64')
      .replace('=', ''),
  ],
  [
    'SECRET_KEY',
    `${Buffer.alloc(33, random).toString('base64').slice(0, 20)} ${Buffer.alloc(33, random).toString('base64').slice(20)}`,
  ],
  ['SECRET_KEY', Buffer.alloc(33, 0xfb).fill(random, 0, 30).toString('base64url')],
  ['SECRET_KEY', 'the long pass phrase of hunter2, which is no base64 at all'],
  ['SECRET_KEY', repeated('\0', 32)],
  ['SECRET_KEY', repeated('hunter2', 64)],
  ['SECRET_KEY', repeated('0123456789abcdef', 64)],
  ['SECRET_KEY', Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64')],
  ['SECRET_KEY', Buffer.concat([random.subarray(0, 16), random.subarray(0, 16)]).toString('base64')],
  ['METRICS_TOKEN', 'hunter2'],
  ['METRICS_TOKEN', 'hunter2 of the metrics'],
  ['METRICS_TOKEN', 'hunter2-of-the-métrics'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'hunter2:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318?hunter2'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
  ['TRUSTED_PROXIES', 'hunter2'],
  ['TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
  ['TRUSTED_PROXIES', '10.0.0.0/'],
  ['TRUSTED_PROXIES', 'fe80::1%eth0'],
  ['READER_SECONDS', '9'],
  ['READER_SECONDS', '256'],
  ['CORS_ORIGINS', 'https://app.example.com/'],
  ['CORS_ORIGINS', 'https://App.example.com'],
  ['CORS_ORIGINS', 'https://app.example.com:443'],
  ['CORS_ORIGINS', 'ftp://hunter2'],
  ['CORS_ORIGINS', 'null'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://*.hunter2.com'],
  ['CORS_ORIGINS', 'capacitor://*'],
  ['CORS_ORIGINS', 'capacitor://localhost/hunter2'],
  ['CORS_ORIGINS', 'Capacitor://localhost'],
  ['CORS_ORIGINS', 'capacitor:localhost'],
  ['CORS_ORIGINS', 'file:///hunter2'],
  ['CORS_ORIGINS', 'file://hunter2'],
  ['CORS_ORIGINS', 'wss://hunter2'],
  ['CORS_HEADERS', 'hunter2 x'],
  ['CORS_HEADERS', 'hunter2:x'],
  ['CORS_HEADERS', '*'],
  ['CORS_HEADERS', 'baggage,hünter2'],
  ['SUPERUSER_EMAILS', 'hunter2'],
  ['SHUTDOWN_SECONDS', '5'],
])('%s=%s is refused, in one line that does not repeat it', (name, value) => {
  const problems = problemsOf({ ...good, [name]: value });
  expect(namesOf(problems)).toEqual([name]);
  expect(problems.join().toLowerCase()).not.toContain('hunter2');
});

test.each(Object.keys(SETTINGS.shape))('%s of blanks, or with a NUL, is refused', (name) => {
  for (const value of ['   ', '\t', 'a\0b']) expect(namesOf(problemsOf({ ...good, [name]: value }))).toContain(name);
});

test.each([
  ['HOST', 'localhost'],
  ['HOST', '::'],
  ['HOST', '0.0.0.0'],
  ['DATABASE_URL', 'postgresql://app%40x:p%2Fw@[::1]:5432/atrium?sslmode=verify-full&application_name=x'],
  ['TEMPORAL_ADDRESS', '[::1]:7233'],
  ['TEMPORAL_ADDRESS', 'atrium.a1b2c.tmprl.cloud:7233'],
  ['TEMPORAL_ADDRESS', 'temporal_1:7233'],
  ['RATE_LIMIT_URL', 'rediss://user:p%40ss@[::1]:6380/2'],
  ['MAIL_URL', 'smtps://user%40example.com:p%3Aw@mail.example.com:465/'],
  ['MAIL_URL', 'file:/var/mail with blanks'],
  ['MAIL_FROM', 'no-reply@example.com'],
  ['MAIL_FROM', 'Acme, Inc. <no-reply@example.com>'],
  ['MAIL_FROM', 'Überall <No-Reply@example.com>'],
  ['READER_SECONDS', '10'],
  ['READER_SECONDS', '255'],
  ['CORS_ORIGINS', 'capacitor://localhost,ionic://localhost,tauri://localhost'],
  ['CORS_ORIGINS', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
  ['JWT_KEYS', JSON.stringify({ keys: [{ ...jwk, alg: 'EdDSA', use: 'sig' }, otherJwk] }, null, 2)],
  ['SECRET_KEY', randomBytes(64).toString('base64')],
  ['SECRET_KEY', Buffer.from(randomBytes(32).toString('hex')).toString('base64')],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318/otlp/'],
])('%s=%s is accepted', (name, value) => {
  expect(problemsOf({ ...good, [name]: value })).toEqual([]);
});

test('a random key is never refused as not random', () => {
  for (let round = 0; round < 2000; round += 1) {
    expect(problemsOf({ ...good, SECRET_KEY: randomBytes(32).toString('base64') })).toEqual([]);
  }
});

test('public URLs are normalised, and keep their path', () => {
  const read = (url: string) => parseEnv({ ...good, PUBLIC_URL: url, APP_URL: url }, SETTINGS);
  for (const url of ['https://Example.com/', 'https://example.com:443', 'https://EXAMPLE.com']) {
    expect(read(url)).toMatchObject({ PUBLIC_URL: 'https://example.com', APP_URL: 'https://example.com' });
  }
  expect(read('https://example.com/atrium/').PUBLIC_URL).toBe('https://example.com/atrium');
  expect(read('https://bücher.example/a/b').PUBLIC_URL).toBe('https://xn--bcher-kva.example/a/b');
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

test.each([
  ['no-reply@Example.com', 'no-reply@example.com'],
  ['Acme <no-reply@example.com>', '"Acme" <no-reply@example.com>'],
  ['Acme, Inc. <no-reply@example.com>', '"Acme, Inc." <no-reply@example.com>'],
  ['Acme; Co <no-reply@example.com>', '"Acme; Co" <no-reply@example.com>'],
  ['Acme (Support) <no-reply@example.com>', '"Acme (Support)" <no-reply@example.com>'],
  [String.raw`"Acme \"A\", Inc." <no-reply@example.com>`, String.raw`"Acme \"A\", Inc." <no-reply@example.com>`],
  ['"sales@acme" <no-reply@example.com>', '"sales@acme" <no-reply@example.com>'],
  ['Jürgen <no-reply@müller.de>', '"Jürgen" <no-reply@xn--mller-kva.de>'],
])('the sender %s is read as one mailbox in normalised form, with its name unchanged', (given, expected) => {
  expect(parseEnv({ ...good, MAIL_FROM: given }, SETTINGS).MAIL_FROM).toBe(expected);
});

test.each([
  ['sslmode=require&channel_binding=require', '?sslmode=require'],
  ['pgbouncer=true&connection_limit=5&pool_timeout=10', ''],
  ['keepalives=1&keepalives_idle=30&gssencmode=disable&connect_timeout=10&application_name=x', ''],
  ['target_session_attrs=read-write', ''],
  ['sslnegotiation=direct&ssl=require', '?sslmode=require'],
  ['sslrootcert=system', '?sslmode=verify-full'],
  ['sslrootcert=system&sslmode=verify-full', '?sslmode=verify-full'],
  ['sslmode=disable', '?sslmode=disable'],
])("of a managed database's URL that ends with ?%s the driver gets %j alone", (query, read) => {
  const [app, owner] = [good.DATABASE_URL, good.DATABASE_OWNER_URL];
  const env = parseEnv({ ...good, DATABASE_URL: `${app}?${query}`, DATABASE_OWNER_URL: `${owner}?${query}` }, SETTINGS);
  expect(env).toMatchObject({ DATABASE_URL: `${app}${read}`, DATABASE_OWNER_URL: `${owner}${read}` });
});

test('of a URL with several hosts the driver gets which of them to take', () => {
  const several = 'postgres://app:p@one,two/atrium?target_session_attrs=read-write';
  expect(parseEnv({ ...good, DATABASE_URL: several }, SETTINGS).DATABASE_URL).toBe(several);
});

test('the refusal of a parameter of a database URL names it, if it is a plain word', () => {
  const told = (query: string) => problemsOf({ ...good, DATABASE_URL: `${good.DATABASE_URL}?${query}` }).join();
  expect(told('DateStyle=German')).toMatch(/^DATABASE_URL: has a parameter, DateStyle, that is not supported/);
  expect(told('p4ss%20word=1')).toMatch(/^DATABASE_URL: has a parameter that is not supported/);
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

test('the parts of a list can have spaces around them', () => {
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
