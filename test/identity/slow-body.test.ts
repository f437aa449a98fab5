import { connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect, superuserUrl } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { MOUNTS, type Mount } from '../support/mounts.ts';
import { foundTenant, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

// A body that comes slowly must neither hold a connection nor be acted on by a check that is old by then.
const place = inject('stack');
const superuser = connect(superuserUrl(place, place.databaseUrl));
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});
afterAll(() => superuser[Symbol.asyncDispose]());

const PATHS: Record<Mount, string> = { tRPC: '/trpc/apiKeys.create', REST: '/api/v1/api-keys' };

/** Sends all but the end of a request. */
async function begin(path: string, token: string, body: string): Promise<{ socket: Socket; end(): Promise<string> }> {
  const { hostname, port } = new URL(place.url);
  const socket = dial(Number(port), hostname);
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes) => resolve(bytes.toString('utf8'))).once('error', reject);
  });
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${token}`,
    `x-tenant-slug: ${ada.slug}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 1)}`);
  return {
    socket,
    end: async () => {
      socket.write(body.slice(1));
      return (await answer).slice(0, 12);
    },
  };
}

async function now(): Promise<string> {
  const [row] = await superuser.sql<{ now: string }[]>`select clock_timestamp()::text as now`;
  return row?.now ?? '';
}

/** How many transactions servers hold open that began until a time. */
async function openSince(time: string): Promise<number> {
  const [row] = await superuser.sql<{ open: number }[]>`
    select count(*)::int as open from pg_stat_activity
    where application_name = 'atrium server' and state like 'idle in transaction%' and xact_start <= ${time}::text::timestamptz`;
  return row?.open ?? 0;
}

test.each(MOUNTS)('who is removed while the body is on its way changes nothing any more (%s)', async (mount) => {
  const gone = await addMember(place, ada, 'admin');
  const { accessToken } = gone.tokens();
  const request = await begin(PATHS[mount], accessToken, '{"name": "Too late", "role": "admin"}');
  await ada.client.members.remove.mutate({ userId: gone.userId });
  expect(await request.end()).toBe('HTTP/1.1 404');
  request.socket.destroy();
  const { items } = await ada.client.apiKeys.list.query({});
  expect(items.map(({ name }) => name)).not.toContain('Too late');
});

test('bodies that never end hold no connection: everyone else is served', async () => {
  const { accessToken } = ada.tokens();
  const slow = await Promise.all(
    Array.from({ length: 24 }, (_, index) => begin(PATHS[MOUNTS[index % 2] ?? 'REST'], accessToken, '{"name": "…"}')),
  );
  const list = () => rest(place.url, 'GET', '/projects', { token: accessToken, tenant: ada.slug });
  try {
    await list();
    const begun = await now();
    await waitFor('no transaction of theirs to be open', async () => (await openSince(begun)) === 0);
    const answers = await Promise.all(Array.from({ length: 10 }, list));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  } finally {
    for (const { socket } of slow) socket.destroy();
  }
});
