import { BIDI, withoutUnseen } from './unseen-characters.ts';

const REORDERING = new RegExp(String.raw`[${BIDI}\p{Noncharacter_Code_Point}]`, 'gu');
/** Characters that a program may read as one of `. : / \ @`. Those that NFKC turns into one of these need no entry. */
const LINKING =
  /[.:/\\@\u02d0\u0589\u05c3\u0701\u0702\u2044\u2215\u2216\u2236\u2571\u29f5\u29f8\u29f9\u2e33\u3002\ua4f8\ua789]/;

/**
 * Makes a stranger's text safe for a mail or an error message: one line, in which no program finds a link or an address.
 * Names that were stored before there was a rule for them need it too.
 */
export function harmless(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(REORDERING, '')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return withoutUnseen(line).replaceAll(/(?<=\S)\S(?=\S)/gu, (char) =>
    LINKING.test(char.normalize('NFKC')) ? ' ' : char,
  );
}
