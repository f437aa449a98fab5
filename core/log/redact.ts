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
 * What a secret looks like, wherever it stands; the first group stays. Nothing here matches a quote, so a line stays
 * JSON. Each is looked for only where its hint stands: almost no line has one, and searching for words is cheap.
 */
const BY_LOOK: readonly { hint: string; pattern: RegExp }[] = [
  // A JWT: three parts of base64url, of which the first begins with `{"`.
  { hint: 'eyJ', pattern: /()eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g },
  // An API key; its first 12 characters may be shown.
  { hint: 'atr_', pattern: /(atr_[\w-]{8})[\w-]{35}/g },
  { hint: '$argon2', pattern: /()\$argon2\w*\$[^\s"\\]+/g },
  // What a link carries, a header, and the password in an URL.
  { hint: 'oken=', pattern: /(token=)[^\s"\\&#]+/gi },
  { hint: 'earer ', pattern: /(bearer +)[\w.~+/=-]+/gi },
  { hint: '://', pattern: /(:\/\/[^\s/@:"\\]{0,100}:)[^\s/"\\]+(?=@)/g },
];

/** What of a mailed token stands behind its id: a MAC of 256 bits. */
const MAILED_TOKEN = /(\.)[\w-]{43}(?![\w-])/g;
/** Words that a secret's key ends in, in whatever case: ours, and the columns', headers' and settings' of the same meaning. */
const WORDS = String.raw`[\w-]*(?:password|token|secret|key|hash|cookie|authorization)`;
/** Without one of these a line has none of the keys. */
const KEY_HINT = new RegExp(String.raw`(?:word|oken|cret|key|hash|kie|ation)\\*":`, 'i');
/** What stands under one of those keys, at any depth: a text, a list of texts, and a text in JSON that stands as text in JSON. */
const BY_KEY = [
  String.raw`("${WORDS}":")(?:[^"\\]|\\.)+`,
  String.raw`("${WORDS}":\[")(?:[^"\\]|\\.|",")+`,
  String.raw`("${WORDS}\\":\\")(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))+`,
  String.raw`("${WORDS}\\{2,}":\\{2,}")[^"\\]+`,
].map((pattern) => new RegExp(pattern, 'gi'));

/** Takes out of a line what must not stand in it. */
export function redact(line: string): string {
  let clean = line.replaceAll(MAILED_TOKEN, `$1${REDACTED}`);
  if (KEY_HINT.test(clean)) {
    for (const pattern of BY_KEY) clean = clean.replaceAll(pattern, `$1${REDACTED}`);
  }
  for (const { hint, pattern } of BY_LOOK) {
    if (clean.includes(hint)) clean = clean.replaceAll(pattern, `$1${REDACTED}`);
  }
  return clean;
}
