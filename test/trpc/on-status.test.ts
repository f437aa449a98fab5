import { beforeAll, expect, inject, test } from 'vitest';
import { procedures } from '../matrix/procedures.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { watch, watchStandstill, type State } from './watch.ts';

const place = inject('stack');
const STEPS = ['role', 'schema', 'migrations', 'seed', 'ready'];
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const DONE = STEPS.map((name) => ({ name, state: 'done' }));

/** @returns the steps in the events of a stream, in order */
const stepsOf = (seen: State[]): string[] => seen.flatMap(({ step }) => step ?? []);

test('a watcher of a new tenant sees each step from the first one seen, in order, until it is ready', async () => {
  const { client, login } = await logIn(place, { email: founder.email });
  const slug = freshSlug();
  await client.tenants.create.mutate({ name: 'Watched', slug });
  const { seen, end } = watch(place, login.accessToken, slug);

  expect(await end).toBe('complete');
  expect(seen.at(-1)).toEqual({ slug, status: 'ready', step: null, steps: DONE });
  // The worker may have done some steps before the stream begins. The first state lists them as done.
  const told = stepsOf(seen);
  expect(told).toEqual(STEPS.slice(STEPS.length - told.length));
  for (const { status, step, steps } of seen.slice(0, -1)) {
    expect(status).toBe('provisioning');
    const index = step === null ? -1 : STEPS.indexOf(step);
    expect(steps.map(({ state }) => state)).toEqual(
      STEPS.map((_, other) => (other < index ? 'done' : other === index ? 'running' : 'pending')),
    );
  }
});

test('a watcher sees each step once, also those that passed between two readings', async () => {
  const { other, owner, stream } = await watchStandstill(place, 'role');
  await using _ = owner;
  const { tenantId } = other;
  await owner.sql`update public.tenants set provisioning_step = 'seed' where id = ${tenantId}`;
  await waitFor('the step seed', () => stepsOf(stream.seen).includes('seed'));
  await owner.sql`update public.tenants set status = 'ready', provisioning_step = null where id = ${tenantId}`;

  expect(await stream.end).toBe('complete');
  expect(stepsOf(stream.seen)).toEqual(STEPS);
  expect(stream.seen.at(-1)).toMatchObject({ status: 'ready', step: null, steps: DONE });
});

test('a watcher sees when provisioning fails, and at which step', async () => {
  const { other, owner, stream } = await watchStandstill(place, 'schema');
  await using _ = owner;
  await owner.sql`
    update public.tenants set status = 'failed', provisioning_error = 'Told to' where id = ${other.tenantId}`;
  expect(await stream.end).toBe('complete');
  expect(stream.seen.at(-1)).toMatchObject({ status: 'failed', step: 'schema', error: 'Told to' });
});

test('a watcher with the typed client sees a new tenant become ready', async () => {
  const { client } = await logIn(place, { email: founder.email });
  const slug = freshSlug();
  await client.tenants.create.mutate({ name: 'Watched', slug });
  const last = await new Promise<string | undefined>((resolve, reject) => {
    let status: string | undefined;
    client.tenants.onStatus.subscribe(
      { slug },
      { onData: (state) => (status = state.status), onComplete: () => resolve(status), onError: reject },
    );
  });
  expect(last).toBe('ready');
});

test('a watcher of a ready tenant sees that state, and the stream ends', async () => {
  const { seen, end } = watch(place, founder.tokens().accessToken, founder.slug);
  expect(await end).toBe('complete');
  expect(seen.map(({ status }) => status)).toEqual(['ready']);
});

test('a stranger who watches a tenant gets the same error as for an unknown slug', async () => {
  const stranger = await signUpTenant(place);
  const token = stranger.tokens().accessToken;
  for (const slug of [founder.slug, freshSlug(), 'a";drop']) {
    const { seen, end } = watch(place, token, slug);
    expect([await end, seen]).toEqual([{ code: 'NOT_FOUND', reason: 'TENANT_NOT_FOUND' }, []]);
  }
});

test('watching without a valid token is refused', async () => {
  expect(await watch(place, 'no-token', founder.slug).end).toEqual({ code: 'UNAUTHORIZED', reason: 'UNAUTHENTICATED' });
});

test('more streams than the server has database connections do not keep others from being served', async () => {
  const { other, member, owner, stream } = await watchStandstill(place);
  await using _ = owner;
  const third = await addMember(place, other);
  const people = [other.tokens(), member.tokens(), third.tokens()];
  const streams = [
    stream,
    ...people.flatMap(({ accessToken }) => Array.from({ length: 4 }, () => watch(place, accessToken, other.slug))),
  ];
  await waitFor('all streams to speak', () => streams.every(({ seen }) => seen.length > 0));
  expect((await founder.client.projects.list.query({})).items).toEqual([]);
  for (const one of streams) one.unsubscribe();
});

test.each<[what: string, query: string, headers: Record<string, string>]>([
  ['the header that EventSource sends', '', { 'Last-Event-Id': '7' }],
  ['the query that tRPC knows', '&lastEventId=7', {}],
  ['the query in the spelling of the header', '&Last-Event-Id=7', {}],
])(
  'a client that reconnects with the last event id in %s gets the stream from the start',
  async (_, query, headers) => {
    const input = encodeURIComponent(JSON.stringify({ slug: founder.slug }));
    const response = await fetch(`${place.url}/trpc/tenants.onStatus?input=${input}${query}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${founder.tokens().accessToken}`, ...headers },
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('"status":"ready"');
    expect(text).not.toContain('serialized-error');
  },
);

test('every subscription accepts the last event id', () => {
  const subscriptions = procedures().filter(({ type }) => type === 'subscription');
  expect(subscriptions.length).toBeGreaterThan(0);
  for (const { path, input } of subscriptions) {
    const issues = input?.safeParse({ lastEventId: '7' }).error?.issues ?? [];
    expect(
      issues.filter(({ code }) => code === 'unrecognized_keys'),
      path,
    ).toEqual([]);
  }
});
