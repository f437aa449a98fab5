export const REDACTED = '[redacted]';

/** Keys whose values never reach a log. */
export const SECRET_KEYS = [
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'accessToken',
  'refreshToken',
  'token',
  'authorization',
  'cookie',
  'key',
  'secret',
] as const;

/**
 * The patterns of secrets anywhere in a line. The first group of a match stays. No pattern matches a quote, so a line stays
 * valid JSON. A pattern is only tried on lines with its hint: few lines have one, and searching for a fixed text is cheap.
 */
const PATTERNS: readonly { hint: string; pattern: RegExp }[] = [
  // A JWT: three parts in base64url. The first part begins with `{"`.
  { hint: 'eyJ', pattern: /()eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g },
  // An API key; its first 12 characters may be shown.
  { hint: 'atr_', pattern: /(atr_[\w-]{8})[\w-]{35}/g },
  { hint: '$argon2', pattern: /()\$argon2\w*\$[^\s"\\]+/g },
  // The token in a link, the bearer token in a header, and the password in a URL.
  { hint: 'oken=', pattern: /(token=)[^\s"\\&#]+/gi },
  { hint: 'earer ', pattern: /(bearer +)[\w.~+/=-]+/gi },
  { hint: '://', pattern: /(:\/\/[^\s/@:"\\]{0,100}:)[^\s/"\\]+(?=@)/g },
];

/** The MAC of 256 bits after the id in a mailed token. */
const MAILED_TOKEN = /(\.)[\w-]{43}(?![\w-])/g;
/** The endings of keys of secrets, in any letter case: in Atrium's inputs, columns, headers and settings. */
const SECRET_KEY_NAMES = String.raw`[\w-]*(?:password|token|secret|key|hash|cookie|authorization)`;
/** A line that this does not match has none of the keys. */
const KEY_HINT = new RegExp(String.raw`(?:word|oken|cret|key|hash|kie|ation)\\*":`, 'i');
/** The values of these keys at any depth: a text, a list of texts, or a text in JSON that is itself a string in JSON. */
const KEY_PATTERNS = [
  String.raw`("${SECRET_KEY_NAMES}":")(?:[^"\\]|\\.)+`,
  String.raw`("${SECRET_KEY_NAMES}":\[")(?:[^"\\]|\\.|",")+`,
  String.raw`("${SECRET_KEY_NAMES}\\":\\")(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))+`,
  String.raw`("${SECRET_KEY_NAMES}\\{2,}":\\{2,}")[^"\\]+`,
].map((pattern) => new RegExp(pattern, 'gi'));

/** Replaces the secrets in a line by {@link REDACTED}. */
export function redact(line: string): string {
  let clean = line.replaceAll(MAILED_TOKEN, `$1${REDACTED}`);
  if (KEY_HINT.test(clean)) {
    for (const pattern of KEY_PATTERNS) clean = clean.replaceAll(pattern, `$1${REDACTED}`);
  }
  for (const { hint, pattern } of PATTERNS) {
    if (clean.includes(hint)) clean = clean.replaceAll(pattern, `$1${REDACTED}`);
  }
  return clean;
}
