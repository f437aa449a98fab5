// Characters that change what is read, or that nobody sees, as parts of classes of regular expressions. Those below
// U+10000 are written out, since the document of the API needs them in what all dialects of regular expressions have.

/** They reorder what stands around them (Unicode TR9): what is read is not what is stored. */
export const BIDI = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;
export const NONCHARACTERS = String.raw`\ufdd0-\ufdef\ufffe\uffff`;
/** Controls that break or indent a line, and Unicode's own breaks. */
export const LINE_BREAKS = String.raw`\t-\r\u2028\u2029`;
export const SPACES = String.raw`\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000`;
/** Drawn as nothing, though Unicode calls them symbols. */
export const BLANKS = String.raw`\u2800\ufffc`;
/** Default_Ignorable_Code_Point without the bidi controls, and annotations. */
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
/** A letter or mark of a script that is not written right without joiners (Unicode TR31, 2.3). */
const JOINED = `(?![${JOINERS}${SELECTORS}])[${SCRIPTS}]`;

/** What nothing needs. Joiners and selectors depend on their neighbours. */
const USELESS = new RegExp(`(?![${JOINERS}${SELECTORS}])[${INVISIBLE}]`, 'gu');
/** Joiners but those within emoji, and those between letters or after a mark of a joining script. */
const USELESS_JOINER = new RegExp(
  String.raw`(?<!\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?(?=\u200d\p{Extended_Pictographic}))` +
    String.raw`(?<!(?=${JOINED})\p{M}|${JOINED}(?=[${JOINERS}]${JOINED}))[${JOINERS}]`,
  'gu',
);
/** Selectors but one directly behind something visible. */
const USELESS_SELECTOR = new RegExp(`(?<![^${ALL_BLANKS}${INVISIBLE}])[${SELECTORS}]`, 'gu');
const EDGES = new RegExp(`^[${ALL_BLANKS}]+|[${ALL_BLANKS}]+$`, 'gu');
const VISIBLE = new RegExp(String.raw`[^${ALL_BLANKS}\p{M}${INVISIBLE}]`, 'gu');

/**
 * A text without the blanks around it, and without the invisible characters that change nothing of what is read: of
 * those only joiners within emoji and in scripts that need them stay, and selectors of a variant.
 */
export function withoutUnseen(text: string): string {
  return text
    .replaceAll(USELESS, '')
    .replaceAll(USELESS_JOINER, '')
    .replaceAll(USELESS_SELECTOR, '')
    .replaceAll(EDGES, '');
}

/** In code points. A combining mark is a part of the character before it. */
export function countVisible(text: string): number {
  return text.match(VISIBLE)?.length ?? 0;
}
