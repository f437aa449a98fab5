// Characters that change how a text is read, and invisible ones, as parts of character classes of regular expressions.
// Those below U+10000 are listed, since the OpenAPI document needs a syntax that every regular expression engine supports.

/** They reorder the characters around them (Unicode TR9), so that a reader sees another text than the stored one. */
export const BIDI = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;
export const NONCHARACTERS = String.raw`\ufdd0-\ufdef\ufffe\uffff`;
/** Control characters that break or indent a line, and Unicode's line and paragraph separators. */
export const LINE_BREAKS = String.raw`\t-\r\u2028\u2029`;
export const SPACES = String.raw`\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000`;
/** Unicode calls them symbols, but they look blank. */
export const BLANKS = String.raw`\u2800\ufffc`;
/** Default_Ignorable_Code_Point without the bidi controls, and the interlinear annotation characters. */
export const IGNORABLE = String.raw`\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb`;

const ALL_BLANKS = String.raw`\s${BLANKS}\u{13441}\u{13442}\u{16fe4}\u{1d159}`;
const INVISIBLE = String.raw`\p{Default_Ignorable_Code_Point}\ufff9-\ufffb`;
const SELECTORS = String.raw`\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}`;
const JOINERS = String.raw`\u180e\u200c\u200d`;
const SCRIPTS =
  'Arab Syrc Mand Nkoo Mong Phag Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt Bali Java'
    .split(' ')
    .map((script) => String.raw`\p{scx=${script}}`)
    .join('');
/** A letter or mark of a script that needs joiners (Unicode TR31, 2.3). */
const JOINED = `(?![${JOINERS}${SELECTORS}])[${SCRIPTS}]`;

/** Invisible characters that no text needs. Whether joiners and selectors are useless depends on their neighbours. */
const USELESS = new RegExp(`(?![${JOINERS}${SELECTORS}])[${INVISIBLE}]`, 'gu');
/** Joiners. They are kept within emoji, and in scripts that need them: between two letters, and after a mark. */
const USELESS_JOINER = new RegExp(
  String.raw`(?<!\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?(?=\u200d\p{Extended_Pictographic}))` +
    String.raw`(?<!(?=${JOINED})\p{M}|${JOINED}(?=[${JOINERS}]${JOINED}))[${JOINERS}]`,
  'gu',
);
/** Selectors, except one directly after a visible character. */
const USELESS_SELECTOR = new RegExp(`(?<![^${ALL_BLANKS}${INVISIBLE}])[${SELECTORS}]`, 'gu');
const EDGES = new RegExp(`^[${ALL_BLANKS}]+|[${ALL_BLANKS}]+$`, 'gu');
const VISIBLE = new RegExp(String.raw`[^${ALL_BLANKS}\p{M}${INVISIBLE}]`, 'gu');

/**
 * Removes surrounding blanks and useless invisible characters. Joiners within emoji and in scripts that need them stay, and
 * so do variation selectors after a visible character.
 */
export function withoutUnseen(text: string): string {
  return text
    .replaceAll(USELESS, '')
    .replaceAll(USELESS_JOINER, '')
    .replaceAll(USELESS_SELECTOR, '')
    .replaceAll(EDGES, '');
}

/** Counts visible code points. A combining mark is not counted, since it belongs to the character before it. */
export function countVisible(text: string): number {
  return text.match(VISIBLE)?.length ?? 0;
}
