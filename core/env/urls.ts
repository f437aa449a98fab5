import { z } from 'zod';

/** The parts that a URL may have. Others are refused, because they would be ignored. */
interface UrlRules {
  protocols: readonly string[];
  credentials?: true;
  /** A pattern of the whole path. Without it, only an empty path or `/` is allowed. */
  path?: RegExp;
  query?: (query: URLSearchParams) => boolean;
}

const TRAILING_SLASHES = /\/+$/;
/** A path of unreserved characters (RFC 3986, 2.3), which never need escapes. */
const PLAIN_PATH = /^(?:\/[\w.~-]+)*\/?$/;

/** The public URL of the server, or of the pages of mailed links. It may have a path. A slash at the end is removed. */
export function publicUrl() {
  return url(
    { protocols: ['https:', 'http:'], path: PLAIN_PATH },
    'must be an https:// or http:// URL, optionally with a path of letters, digits and . _ ~ -, without a query or fragment',
  ).transform((text) => withoutTrailingSlash(new URL(text)));
}

/** The base URL of an OpenTelemetry collector. The exporter appends `/v1/traces`. A slash at the end is removed. */
export function collectorUrl() {
  return url(
    { protocols: ['https:', 'http:'], path: /^.*$/ },
    'must be an http:// or https:// URL without a user, a query or a fragment',
  ).transform((text) => withoutTrailingSlash(new URL(text)));
}

/**
 * URL parameters that providers of PostgreSQL add for other drivers. They are removed, since the driver would send them to
 * PostgreSQL as run-time parameters, and PostgreSQL would refuse the connection.
 */
const LEFT_OUT = new Set([
  'application_name',
  'channel_binding',
  'connect_timeout',
  'connection_limit',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'pgbouncer',
  'pool_timeout',
  'socket_timeout',
  'sslnegotiation',
  'tcp_user_timeout',
]);
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * A URL of PostgreSQL. Host, user and database are required, because the driver would take missing ones from its
 * environment. Only the parameters `sslmode` and, with several hosts, `target_session_attrs` reach the driver.
 */
export function postgresUrl() {
  return url(
    {
      protocols: ['postgres:', 'postgresql:'],
      credentials: true,
      // The driver does not decode the name of the database, so it must have no escapes.
      path: /^\/[^/%]+$/,
      query: () => true,
    },
    'must be a URL like postgres://user:password@host:5432/database, optionally with ?sslmode=verify-full. ' +
      '`bun run dev` starts an embedded PostgreSQL and sets it',
    (parsed) => parsed.username !== '',
  ).transform((text, context) => {
    const [address = text] = text.split('?');
    const { searchParams, hostname } = new URL(text);
    const problem = queryProblem(searchParams);
    if (problem !== undefined) {
      context.addIssue(problem);
      return z.NEVER;
    }
    const mode = searchParams.has('sslrootcert')
      ? 'verify-full'
      : (searchParams.get('sslmode') ?? searchParams.get('ssl'));
    const session = searchParams.get('target_session_attrs');
    const read = [
      ...(mode === null ? [] : [`sslmode=${mode}`]),
      // `target_session_attrs` selects one of several hosts.
      ...(session === null || session === 'any' || !hostname.includes(',') ? [] : [`target_session_attrs=${session}`]),
    ];
    return read.length === 0 ? address : `${address}?${read.join('&')}`;
  });
}

/** @returns what is wrong with the parameters of a database URL. It may name a parameter, and never repeats a value. */
function queryProblem(query: URLSearchParams): string | undefined {
  const modes = [...query.getAll('sslmode'), ...query.getAll('ssl')];
  if (modes.length > 1 || modes.some((mode) => !SSL_MODES.includes(mode))) {
    return `must have at most one sslmode, which is one of ${SSL_MODES.join(', ')}; the driver does not support "allow"`;
  }
  for (const [name, value] of query) {
    if (name === 'sslmode' || name === 'ssl' || LEFT_OUT.has(name)) continue;
    if (name === 'sslrootcert') {
      if (value === 'system') continue;
      return 'has an sslrootcert other than "system"; set NODE_EXTRA_CA_CERTS to the file of your CA instead';
    }
    if (name === 'target_session_attrs') {
      if (['any', 'read-write', 'primary'].includes(value)) continue;
      return 'has target_session_attrs that select a read-only server; remove it';
    }
    const named = /^[a-z][a-z_]{0,39}$/i.test(name) ? `, ${name},` : '';
    return `has a parameter${named} that is not supported; remove it from the URL. The supported parameter is sslmode`;
  }
  return undefined;
}

/** The URL of the rate limit counter. */
export function rateLimitUrl() {
  const error =
    'must be memory:, redis://host:6379, rediss://host:6379 (these two optionally with user:password@ and /database number) or https://host';
  return z.union(
    [
      z.literal('memory:'),
      url({ protocols: ['redis:', 'rediss:'], credentials: true, path: /^(?:\/\d{0,4})?$/ }, error),
      url({ protocols: ['https:'], path: PLAIN_PATH }, error),
    ],
    { error },
  );
}

/** The SMTP server that sends mail, or the folder that mail is written to. */
export function mailUrl() {
  const error =
    'must be file:folder, or smtp:// or smtps:// with a host and optionally user:password@ and :port, without a path or query';
  return z.union(
    [
      z.string().regex(/^file:./, error),
      url({ protocols: ['smtp:', 'smtps:'], credentials: true }, error, ({ username, password }) =>
        // The mailer logs in only if there is a user, so a password alone would be ignored.
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

/**
 * Parses a URL more strictly than `new URL`, which repairs blanks, backslashes and missing slashes. Other parsers would read
 * such a text differently.
 */
export function parseUrl(text: string): URL | undefined {
  if (/[\s\\<>"^`{|}]/.test(text) || !/^[a-z]+:\/\/[^/?#]/.test(text)) return undefined;
  try {
    // Node's URL.canParse refuses some valid host names that are not ASCII.
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

/** Whether a user or password can be decoded. A `%` that begins no escape would make the driver or the mailer throw. */
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
