import { array, assert, constantFrom, integer, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { displayText } from '../../core/text/display-text.ts';
import { harmless } from '../../core/text/harmless.ts';

const name = displayText({ max: 100, visible: 1, lines: false });
const reason = displayText({ max: 1_000, visible: 10, lines: true });

const SEQUENCES = {
  'a family': '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}',
  'a skin tone': '\u{1f469}\u{1f3fd}\u200d\u{1f680}',
  'a heart on fire': '\u2764\ufe0f\u200d\u{1f525}',
  'a rainbow flag': '\u{1f3f3}\ufe0f\u200d\u{1f308}',
  'a keycap': '1\ufe0f\u20e3',
  'a flag of a country': '\u{1f1e8}\u{1f1ed}',
  'Persian with a non-joiner': '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
  'Hindi with a joiner': '\u0915\u094d\u200d\u0937',
  'Malayalam that ends with a joiner': '\u0d05\u0d35\u0d28\u0d4d\u200d',
  'Sinhala with a joiner': '\u0dc1\u0dca\u200d\u0dbb\u0dd3',
  'Arabic with marks': '\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f',
  'a hundred emoji': '\u{1f600}'.repeat(100),
  'punctuation alone': '!?',
};

test.each(Object.entries(SEQUENCES))('the name %s is accepted unchanged', (_, text) => {
  expect(name.parse(text)).toBe(text);
});

test.each([
  ['blanks of all kinds', ' \t\u00a0\u3000\u2800Ada\u205f\ufeff\n', 'Ada'],
  ['zero-width spaces', '\u200bA\u200bda\u2060', 'Ada'],
  ['joiners in Latin', 'A\u200dd\u200ca\u200d', 'Ada'],
  ['soft hyphens and fillers', 'A\u00add\u3164a\uffa0\u115f\u1160', 'Ada'],
  ['tags', 'A\u{e0041}da\u{e007f}', 'Ada'],
  ['selectors that carry data', 'Ada\ufe0f\u{e0101}\u{e0102}', 'Ada\ufe0f'],
  ['a joiner after an emoji', '\u{1f469}\u200d', '\u{1f469}'],
  ['marks apart from their letters', 'e\u0301', '\u00e9'],
  ['marks with something invisible between', 'e\u034f\u0301', '\u00e9'],
])('a name is stored without invisible characters: %s', (_, given, kept) => {
  expect(name.parse(given)).toBe(kept);
});

const INVISIBLE = [
  ...['', ' ', '\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u034f', '\u115f', '\u1160', '\u17b4', '\u180e'],
  ...['\u2800', '\u3164', '\uffa0', '\ufe0f', '\ufffc', '\u3000', '\u{e0041}\u{e0042}', '\u{e0101}', '\u{1d159}'],
  ...['\u{1d173}', '\u{1bca0}', '\u0301', '\u200b \u2800\u3164'],
];
const CONTROLS = [
  ...['\u0000', '\u0007', '\u001b', '\u007f', '\u0085', '\u009b', '\n', '\r', '\t', '\u2028', '\u2029'],
  ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
  ...['\u2066', '\u2067', '\u2068', '\u2069', '\ud83d', '\ude00', '\ufdd0', '\uffff', '\u{10ffff}'],
];
const codesOf = (text: string): string =>
  Array.from(text, (char) => `U+${(char.codePointAt(0) ?? 0).toString(16)}`).join(' ') || 'nothing';

test.each(INVISIBLE.map((text) => ({ text, codes: codesOf(text) })))('a name of only $codes is refused', ({ text }) => {
  expect(name.safeParse(text).success).toBe(false);
  expect(reason.safeParse(`Ticket 47${text}`).success, 'nine visible characters are no reason').toBe(false);
});

test.each(CONTROLS.map((text) => ({ text, codes: codesOf(text) })))(
  'a name with $codes in it is refused',
  ({ text }) => {
    expect(name.safeParse(`A${text}da`).success).toBe(false);
  },
);

test('a reason needs ten visible characters, and can have several lines', () => {
  expect(reason.parse(' Ticket 471:\nlogin fails ')).toBe('Ticket 471:\nlogin fails');
  expect(reason.safeParse(`Ticket 47${'\u200b \u2800'.repeat(9)}`).success).toBe(false);
  expect(reason.safeParse('Ticket 4711 \u202e').success).toBe(false);
});

/** Characters that the rule treats specially, and some others below U+10000 that are not combining marks. */
const chars = oneof(
  constantFrom(
    ...INVISIBLE,
    ...CONTROLS.filter((one) => one.isWellFormed() && !/\s/.test(one)),
    ...['a', ' ', '.', '\u0627', '\u0660', '\u0928', '\u1820', '\u2764', '\u200c'],
  ),
  integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code)),
).filter((text) => text.isWellFormed() && !/[\u{10000}-\u{10ffff}\p{M}\t-\r\u2028\u2029]/u.test(text));

test('the documented pattern accepts the names that the server accepts, and normalising a name twice changes nothing', () => {
  for (const schema of [name, reason]) {
    const pattern = new RegExp(String(z.toJSONSchema(schema).pattern), 'u');
    assert(
      property(array(chars, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const parsed = schema.safeParse(text);
        expect(pattern.test(text), codesOf(text)).toBe(parsed.success);
        if (parsed.success) expect(schema.parse(parsed.data)).toBe(parsed.data);
      }),
      { numRuns: 2_000 },
    );
  }
});

test.each([
  'evil.com',
  'www.evil.com',
  'https://evil.com/a?b',
  'eve@evil.com',
  'mailto:eve',
  'evil\u3002com',
  'evil\uff0ecom',
  'evil\uff61com',
  'evil\u2024com',
  'evil\ufe52com',
  'a\u2025b\u2026c',
  'https\uff1a\uff0f\uff0fevil',
  'eve\uff20evil',
  'eve\ufe6bevil',
  'a\u2044b\u2215c\u29f8d',
  'evil\u200b.\u200bcom',
  'evil.\u0000com',
])('no part of %j becomes a link in a mail', (text) => {
  const shown = harmless(text);
  expect(shown).toMatch(/^\S+( +\S+)+$/);
  expect(shown.normalize('NFKC')).not.toMatch(/\S[.:/\\@\u3002\u2215\u29f8]\S/);
});

test('a text from before the rule for names is put on one line, without bidi controls', () => {
  expect(harmless('\u202eAda\u2066\r\nBcc: eve\u2028x\ud800\u200b ')).toBe('Ada Bcc: eve x\ufffd');
  expect(harmless('Mr. Smith, Acme Inc.')).toBe('Mr. Smith, Acme Inc.');
  expect(harmless(SEQUENCES['a family'])).toBe(SEQUENCES['a family']);
});
