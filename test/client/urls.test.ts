import { beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, type Founder } from '../support/people.ts';
import { aboutToExpire, asTheyAre, reasonOf, urlOf, watched } from './watched.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

test('simultaneous calls with long inputs are split into requests whose URLs no proxy refuses', async () => {
  const urls: string[] = [];
  const { client } = await watched(founder, asTheyAre, {
    fetch: (input, init) => {
      urls.push(urlOf(input));
      return fetch(input, init);
    },
  });
  const token = 'x'.repeat(1_500);
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => client.invites.preview.query({ token })));
  expect(new Set(answers.map((one) => one.status === 'rejected' && reasonOf(one.reason)))).toEqual(
    new Set(['TOKEN_INVALID']),
  );
  expect(urls.length).toBeGreaterThan(1);
  expect(Math.max(...urls.map((url) => url.length))).toBeLessThan(8_000);
});

test('tokens travel in headers, never in a URL', async () => {
  const urls: string[] = [];
  const { client } = await watched(founder, aboutToExpire, {
    fetch: (input, init) => {
      urls.push(urlOf(input));
      return fetch(input, init);
    },
  });
  await client.users.me.query();
  await new Promise<void>((resolve, reject) => {
    client.tenants.onStatus.subscribe({ slug: founder.slug }, { onComplete: resolve, onError: reject });
  });
  expect(urls.length).toBeGreaterThan(2);
  for (const url of urls) expect(url).not.toMatch(/eyJ|token=|authorization/i);
});
