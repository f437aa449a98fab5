import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

const AT_MOST = 5;

const shared = inject('stack');
const server = await startOwnServer(shared, { RATE_LIMIT_URL: 'memory:' });
afterAll(() => server[Symbol.asyncDispose]());

/** A tenant that never becomes ready, so that whoever watches it goes on watching. */
async function foundPending() {
  const founder = await signUpTenant(shared);
  const member = await addMember(shared, founder);
  await using owner = connect(shared.databaseOwnerUrl);
  await owner.sql`update public.tenants set status = 'provisioning' where id = ${founder.tenantId}`;
  return { slug: founder.slug, founder: founder.tokens().accessToken, member: member.tokens().accessToken };
}

function ask(slug: string, token: string, signal: AbortSignal): Promise<Response> {
  const input = encodeURIComponent(JSON.stringify({ slug }));
  return fetch(`${server.url}/trpc/tenants.onStatus?input=${input}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal,
  });
}

interface Watch {
  /** Whether a state came, or else a refusal. */
  watches: boolean;
  firstWords: string;
  leave: () => void;
}

/** Begins to watch, and waits for the first that is told. A stream's refusal is one of its events (tRPC). */
async function watch(slug: string, token: string): Promise<Watch> {
  const leaving = new AbortController();
  const { body } = await ask(slug, token, leaving.signal);
  if (!body) throw new Error('The stream has no body');
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let firstWords = '';
  while (!/"status"|"reason"/.test(firstWords)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended after ${firstWords}`);
    firstWords += value;
  }
  return { watches: firstWords.includes('"status"'), firstWords, leave: () => leaving.abort() };
}

const leaveAll = (open: readonly Watch[]): void => open.forEach(({ leave }) => leave());

test('five streams at once for one user, and one more when one has ended', async () => {
  const { slug, founder, member } = await foundPending();
  const open = await Promise.all(Array.from({ length: AT_MOST }, () => watch(slug, founder)));
  expect(open.map(({ watches }) => watches)).toEqual(Array.from({ length: AT_MOST }, () => true));

  const sixth = await watch(slug, founder);
  expect(sixth.firstWords).toContain('"reason":"RATE_LIMITED"');
  expect(sixth.firstWords).toContain('"httpStatus":429');
  const other = await watch(slug, member);
  expect(other.watches).toBe(true);

  open[0]?.leave();
  const again = await waitFor('a free stream', async () => {
    const stream = await watch(slug, founder);
    return stream.watches && stream;
  });
  leaveAll([...open, other, again]);
});

test('twenty streams asked for at once become five', async () => {
  const { slug, founder } = await foundPending();
  const asked = await Promise.all(Array.from({ length: 20 }, () => watch(slug, founder)));
  expect(asked.filter(({ watches }) => watches)).toHaveLength(AT_MOST);
  leaveAll(asked);
});

test('streams that are left at any moment take no room for ever', async () => {
  const { slug, founder } = await foundPending();
  // Before the answer, while it comes, and after: from 0 to 24 ms on.
  for (let after = 0; after < 25; after++) {
    const hasty = Array.from({ length: AT_MOST }, async () => {
      const answer = await ask(slug, founder, AbortSignal.timeout(after));
      await answer.text();
    });
    await Promise.allSettled(hasty);
  }
  const open: Watch[] = [];
  await waitFor(`${AT_MOST} free streams`, async () => {
    const next = await watch(slug, founder);
    if (next.watches) open.push(next);
    return open.length === AT_MOST;
  });
  expect((await watch(slug, founder)).watches).toBe(false);
  leaveAll(open);
});
