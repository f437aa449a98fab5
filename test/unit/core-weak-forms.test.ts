import { expect, test } from 'vitest';
import { assertStrongPassword } from '../../core/auth/passwords.ts';
import { at } from '../support/rest.ts';

/** @returns the score of a password. Passwords of 15 characters or more are refused with a score of 2 or less. */
function scoreOf(password: string, userInputs: string[] = []): unknown {
  expect(Array.from(password).length, 'not refused for its length').toBeGreaterThanOrEqual(15);
  try {
    assertStrongPassword(password, userInputs);
    return 'strong';
  } catch (error) {
    return at(error, 'details', 'password', 'score');
  }
}

const fullWidth = (text: string): string =>
  text.replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfe_e0));

test.each([
  ['azerty, two rows', 'azertyuiopqsdfghjklm'],
  ['azerty, all rows', 'azertyuiopqsdfghjklmwxcvbn'],
  ['azerty, columns', 'aqwzsxedcrfvtgb'],
  ['azerty, digits without shift', '&é"\'(-è_çà)=azerty'],
  ['qwertz', 'qwertzuiopüasdfghjklöä'],
  ['qwertz, columns', 'qaywsxedcrfvtgbzhn'],
  ['dvorak', 'aoeuidhtnspyfgcrl'],
  ['colemak', 'qwfpgjluyarstdhneio'],
  ['workman', 'qdrwbjfupashtgyneoi'],
  ['bépo', 'bépoèvdljauiectsrnm'],
  ['Turkish F', 'fgğıodrnhpuieaütkml'],
  ['Russian', 'йцукенгшщзхъфывапролджэ'],
  ['Russian, backwards', 'ъхзщшгнекуцйэждлорпавыф'],
  ['Russian, columns', 'йфяцычувскамепи'],
  ['Russian, columns with digits', '1йфя2цыч3увс4кам'],
  ['Russian, two rows in a zigzag', 'йфцыувкаепнргош'],
  ['Russian with shift', 'ЙЦУКЕНгшщзхъфыв'],
  ['Ukrainian', 'йцукенгшщзхїфівапролджє'],
  ['Bulgarian', 'ьяаожгтнвмчюйъэфх'],
  ['Greek', 'ςερτυθιοπασδφγηξκλ'],
  ['Hebrew', 'קראטוןםפשדגכעיחלך'],
  ['Arabic', 'ضصثقفغعهخحجدشسيبلاتنم'],
  ['Korean', 'ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎ'],
  ['Thai', 'ๆไำพะัีรนยบลฟหกด'],
  ['qwerty, columns beyond what is in a dictionary', 'qazwsxedcrfvtgbyhnujm'],
  ['qwerty, a zigzag', 'qawsedrftgyhujikolp'],
  ['qwerty in full width', fullWidth('qwertyuiopasdfg')],
])('a walk over the keys of a keyboard is a weak password: %s', (_, password) => {
  expect(scoreOf(password)).not.toBe('strong');
});

test.each([
  ['full width', fullWidth('password12345678')],
  ['mathematical letters', '𝓅𝒶𝓈𝓈𝓌𝑜𝓇𝒹𝓅𝒶𝓈𝓈𝓌𝑜𝓇𝒹'],
  ['circles', 'ⓟⓐⓢⓢⓦⓞⓡⓓⓟⓐⓢⓢⓦⓞⓡⓓ'],
  ['lines below', 'p\u0332a\u0332s\u0332s\u0332w\u0332o\u0332r\u0332d\u0332'],
  ['accents', 'pásswórdpásswórd1'],
  ['something invisible within', 'pass\u200bword\u00adpass\u2060word'],
  [
    'nothing but what is invisible',
    '\u200b\u2060\u00ad\u200c\u200d\u034f\u2061\u2062\u2063\u2064\u180e\ufe00\ufe01\ufe02\ufe03',
  ],
  ['ligatures', 'oﬃceoﬃceoﬃceoﬃce'],
])('a weak password stays weak with letters replaced: %s', (_, password) => {
  expect(scoreOf(password)).not.toBe('strong');
});

const ADDRESS = 'zbigniewa.wojciechowska@example.com';

test.each([
  ['the address in full width', fullWidth(ADDRESS), ADDRESS],
  ['a part of it in full width', fullWidth('wojciechowska42'), ADDRESS],
  ['the name in full width', 'wojciechowska42', fullWidth('Zbigniewa Wojciechowska')],
  ['the name without its accents', 'wojciechowska42', 'Wójciechowská'],
])('a password made of what others know of the user is weak: %s', (_, password, known) => {
  expect(scoreOf(password)).toBe('strong');
  expect(scoreOf(password, [known])).not.toBe('strong');
});

test.each([
  'три терпеливые цапли делят лестницу',
  'τρεις ερωδιοί μοιράζονται σκάλα',
  '三匹の忍耐強い鷺が梯子を分け合う',
  'quiet-otter-paints-seven-lanterns',
  fullWidth('quiet-otter-paints-seven-lanterns'),
])('a password of unrelated words is strong in any script: %s', (password) => {
  expect(scoreOf(password, [ADDRESS])).toBe('strong');
});
