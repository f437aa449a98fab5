import { expect, inject, test } from 'vitest';
import { expectError } from '../support/guards.ts';
import { aList, aNumber, aString } from '../support/matchers.ts';
import { callOn, errorOf, onBothMounts, resultOf } from '../support/mounts.ts';
import { at } from '../support/rest.ts';
import { freshSignUp, storedOf } from '../support/sign-ups.ts';

const place = inject('stack');

const WEAK = [
  { what: 'a short one', password: 'tR7#kQ9!', score: 0 },
  { what: 'a long one', password: 'correct-horse-battery-staple-'.repeat(5), score: 0 },
  { what: '1 MB of one', password: 'x'.repeat(1_000_000), score: 0 },
  { what: 'an empty one', password: '', score: 0 },
  { what: 'one that everybody uses', password: 'passwordpassword', score: undefined },
  { what: 'one letter over and over', password: 'a'.repeat(20), score: undefined },
  { what: 'the name and the tenant again', password: 'Ada Lovelace Acme', score: undefined },
  { what: 'the name and the tenant in full width', password: 'Ａｄａ　Ｌｏｖｅｌａｃｅ　Ａｃｍｅ', score: undefined },
  { what: 'two rows of a Russian keyboard', password: 'йцукенгшщзхъфывапролджэ', score: undefined },
  { what: 'fourteen letters that score less than 4', password: 'sunshine-tiger', score: undefined },
];

for (const { mount, what, password, score } of onBothMounts(WEAK)) {
  test(`${mount} refuses a weak password (${what}) with its score, and stores nothing`, async () => {
    const good = freshSignUp();
    const answer = await callOn(mount, place.url, 'auth.register', { body: { ...good, password } });
    const error = errorOf(mount, answer);
    expect([answer.status, at(error, 'reason')]).toEqual([422, 'PASSWORD_TOO_WEAK']);
    expectError(mount, answer, ['score', 'warning', 'suggestions']);
    expect(at(error, 'score')).toEqual(score ?? aNumber);
    expect([null, aString]).toContainEqual(at(error, 'warning'));
    expect(at(error, 'suggestions')).toEqual(aList);
    expect(await storedOf(place, good)).toBe(0);
  });
}

for (const { mount, password } of onBothMounts([
  { password: 'Lx9!vT2@qZ7#' },
  { password: 'ünïcödé ✨ wörds 🎈 thät nöbödy knöws' },
])) {
  test(`${mount} accepts the strong password ${password}`, async () => {
    const good = freshSignUp();
    const answer = await callOn(mount, place.url, 'auth.register', { body: { ...good, password } });
    expect(resultOf(mount, answer)).toEqual({ tenant: { slug: good.tenantSlug, status: 'provisioning' } });
    expect(await storedOf(place, good)).toBe(2);
  });
}
