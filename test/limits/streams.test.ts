import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

const AT_ONCE = 5;
const shared = inject('stack');
const server = await startOwnServer(shared, { RATE_LIMIT_URL: 'memory:' });
afterAll(() => server[Symbol.asyncDispose]());

/** A tenant that never becomes ready, so that its streams stay open. */
async function makePendingTenant() {
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
  /** Whether the first event is a state, and not a refusal. */
  watches: boolean;
  firstEvent: string;
  leave: () => void;
}

/** Opens a stream, and waits for its first event. tRPC sends a refusal as an event, too. */
async function watch(slug: string, token: string): Promise<Watch> {
  const leaving = new AbortController();
  const { body } = await ask(slug, token, leaving.signal);
  if (!body) throw new Error('The stream has no body');
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let firstEvent = '';
  while (!/"status"|"reason"/.test(firstEvent)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended after ${firstEvent}`);
    firstEvent += value;
  }
  return { watches: firstEvent.includes('"status"'), firstEvent, leave: () => leaving.abort() };
}

const leaveAll = (open: readonly Watch[]): void => open.forEach(({ leave }) => leave());

test('one user may have five streams open, and one more when one has ended', async () => {
  const { slug, founder, member } = await makePendingTenant();
  const open = await Promise.all(Array.from({ length: AT_ONCE }, () => watch(slug, founder)));
  expect(open.map(({ watches }) => watches)).toEqual(Array.from({ length: AT_ONCE }, () => true));

  const sixth = await watch(slug, founder);
  expect(sixth.firstEvent).toContain('"reason":"RATE_LIMITED"');
  expect(sixth.firstEvent).toContain('"httpStatus":429');
  const other = await watch(slug, member);
  expect(other.watches).toBe(true);

  open[0]?.leave();
  const again = await waitFor('a free stream', async () => {
    const stream = await watch(slug, founder);
    return stream.watches && stream;
  });
  leaveAll([...open, other, again]);
});

test('of twenty streams that one user opens at once, five are open', async () => {
  const { slug, founder } = await makePendingTenant();
  const asked = await Promise.all(Array.from({ length: 20 }, () => watch(slug, founder)));
  expect(asked.filter(({ watches }) => watches)).toHaveLength(AT_ONCE);
  leaveAll(asked);
});

test('a stream that is left at any moment stops counting', async () => {
  const { slug, founder } = await makePendingTenant();
  // 0 to 24 ms: before, during and after the answer.
  for (let after = 0; after < 25; after++) {
    const hasty = Array.from({ length: AT_ONCE }, async () => {
      const answer = await ask(slug, founder, AbortSignal.timeout(after));
      await answer.text();
    });
    await Promise.allSettled(hasty);
  }
  const open: Watch[] = [];
  await waitFor(`${AT_ONCE} free streams`, async () => {
    const next = await watch(slug, founder);
    if (next.watches) open.push(next);
    return open.length === AT_ONCE;
  });
  expect((await watch(slug, founder)).watches).toBe(false);
  leaveAll(open);
});
