import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { good, jwk, otherJwk, problemsOf } from './core-env.ts';

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
