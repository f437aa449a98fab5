import { BIDI, withoutUnseen } from './unseen-characters.ts';

const REORDERING = new RegExp(String.raw`[${BIDI}\p{Noncharacter_Code_Point}]`, 'gu');
/** What a mail program, a browser or a resolver of host names takes for one of `. : / \ @`, beside what NFKC makes one. */
const LINKING =
  /[.:/\\@\u02d0\u0589\u05c3\u0701\u0702\u2044\u2215\u2216\u2236\u2571\u29f5\u29f8\u29f9\u2e33\u3002\ua4f8\ua789]/;

/**
 * A stranger's text as a mail or an error may carry it, also where it is older than the rule for names: one line, in
 * which nothing becomes a link or an address in the reader's program.
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
