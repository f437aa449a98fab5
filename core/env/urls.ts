import { z } from 'zod';

/** Which parts a URL may have beside its protocol, host and port. Whatever else stands in it would be ignored. */
interface UrlRules {
  protocols: readonly string[];
  credentials?: true;
  /** What the path must match, whole; without it there may be none. */
  path?: RegExp;
  query?: (query: URLSearchParams) => boolean;
}

const TRAILING_SLASHES = /\/+$/;
/** Characters that no page, header or proxy has to escape (RFC 3986, unreserved). */
const PLAIN_PATH = /^(?:\/[\w.~-]+)*\/?$/;

/** Where people reach the server, or the pages of mailed links: with or without a path, and in one canonical form. */
export function publicUrl() {
  return url(
    { protocols: ['https:', 'http:'], path: PLAIN_PATH },
    'must be an https:// or http:// URL, with or without a path of letters, digits and . _ ~ -, and nothing after it',
  ).transform((text) => withoutTrailingSlash(new URL(text)));
}

/** An OpenTelemetry collector: the exporter adds `/v1/traces` to it. */
export function collectorUrl() {
  return url(
    { protocols: ['https:', 'http:'], path: /^.*$/ },
    'must be an http:// or https:// URL without a user, a query or a fragment',
  ).transform((text) => withoutTrailingSlash(new URL(text)));
}

/** The driver sends each of these that a URL has to PostgreSQL as a run-time parameter, which refuses the connection. */
const NOT_OF_THE_DRIVER = ['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'sslcert', 'sslkey', 'passfile'];
const SSL_MODES = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']);

/** With host, user and database, which the driver would otherwise take from elsewhere, and parameters that it knows. */
export function postgresUrl() {
  return url(
    {
      protocols: ['postgres:', 'postgresql:'],
      credentials: true,
      // The driver does not decode the database's name.
      path: /^\/[^/%]+$/,
      query: (query) =>
        NOT_OF_THE_DRIVER.every((name) => !query.has(name)) &&
        [...query.getAll('sslmode'), ...query.getAll('ssl')].every((mode) => SSL_MODES.has(mode)) &&
        query.getAll('sslrootcert').every((file) => file === 'system'),
    },
    'must be a URL as in postgres://user:password@host:5432/database, which may end with ?sslmode=verify-full. ' +
      '`bun run dev` starts an embedded PostgreSQL and sets it',
    (parsed) => parsed.username !== '',
  );
}

/** Where rate limits are counted. */
export function rateLimitUrl() {
  const error =
    'must be memory:, redis://host:6379, rediss://host:6379, both perhaps with user:password@ and /database number, or https://host';
  return z.union(
    [
      z.literal('memory:'),
      url({ protocols: ['redis:', 'rediss:'], credentials: true, path: /^(?:\/\d{0,4})?$/ }, error),
      url({ protocols: ['https:'], path: PLAIN_PATH }, error),
    ],
    { error },
  );
}

/** How mail leaves. */
export function mailUrl() {
  const error =
    'must be file:folder, or smtp:// or smtps:// with a host, perhaps with user:password@ and :port, and nothing after it';
  return z.union(
    [
      z.string().regex(/^file:./, error),
      url({ protocols: ['smtp:', 'smtps:'], credentials: true }, error, ({ username, password }) =>
        // The mailer logs in where there is a user.
        Boolean(username || !password),
      ),
    ],
    { error },
  );
}

function url(rules: UrlRules, error: string, more: (parsed: URL) => boolean = () => true) {
  return z.string({ error }).refine(
    (text) => {
      const parsed = parseUrl(text);
      return parsed !== undefined && follows(parsed, rules) && more(parsed);
    },
    { error, abort: true },
  );
}

/** Stricter than `new URL`, which mends blanks, backslashes and missing slashes: others read the same text by other rules. */
export function parseUrl(text: string): URL | undefined {
  if (/[\s\\<>"^`{|}]/.test(text) || !/^[a-z]+:\/\/[^/?#]/.test(text)) return undefined;
  try {
    // Node's URL.canParse refuses some host names that are not ASCII, and are good.
    return new URL(text);
  } catch {
    return undefined;
  }
}

function follows(parsed: URL, { protocols, credentials, path = /^\/?$/, query }: UrlRules): boolean {
  const { protocol, hostname, port, username, password, pathname, search, href } = parsed;
  return (
    protocols.includes(protocol) &&
    hostname !== '' &&
    port !== '0' &&
    (credentials ? decodes(username) && decodes(password) : username === '' && password === '') &&
    path.test(pathname) &&
    (search === '' || (query?.(parsed.searchParams) ?? false)) &&
    !/[?#]$/.test(href) &&
    parsed.hash === ''
  );
}

/** A `%` that begins no escape would end the process once the user or the password is decoded. */
function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function withoutTrailingSlash({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(TRAILING_SLASHES, '')}`;
}
