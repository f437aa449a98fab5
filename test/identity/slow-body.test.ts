import { connect as dial, type Socket } from 'node:net';
import { beforeAll, expect, inject, test } from 'vitest';
import { addMember } from '../support/members.ts';
import { MOUNTS, type Mount } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { foundTenant, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from '../telemetry/metrics.ts';

// A body that comes slowly must neither hold a connection nor be acted on by a check that is old by then.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});

const PATHS: Record<Mount, string> = { tRPC: '/trpc/apiKeys.create', REST: '/api/v1/api-keys' };

/** Sends all but the end of a request. */
async function begin(url: string, token: string, body: string): Promise<{ socket: Socket; end(): Promise<string> }> {
  const { hostname, port, pathname } = new URL(url);
  const socket = dial(Number(port), hostname);
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes) => resolve(bytes.toString('utf8'))).once('error', reject);
  });
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${token}`,
    `x-tenant-slug: ${ada.slug}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 1)}`, resolve));
  return {
    socket,
    end: async () => {
      socket.write(body.slice(1));
      return (await answer).slice(0, 12);
    },
  };
}

test.each(MOUNTS)('who is removed while the body is on its way changes nothing any more (%s)', async (mount) => {
  const gone = await addMember(place, ada, 'admin');
  const { accessToken } = gone.tokens();
  const request = await begin(place.url + PATHS[mount], accessToken, '{"name": "Too late", "role": "admin"}');
  await ada.client.members.remove.mutate({ userId: gone.userId });
  expect(await request.end()).toBe('HTTP/1.1 404');
  request.socket.destroy();
  const { items } = await ada.client.apiKeys.list.query({});
  expect(items.map(({ name }) => name)).not.toContain('Too late');
});

test('bodies that never end hold no connection: everyone else is served', async () => {
  const { accessToken } = ada.tokens();
  // Nobody else holds a connection of a server of our own.
  await using server = await startOwnServer(place, {});
  const path = (index: number) => PATHS[MOUNTS[index % 2] ?? 'REST'];
  const slow = await Promise.all(
    Array.from({ length: 24 }, (_, index) => begin(server.url + path(index), accessToken, '{"name": "…"}')),
  );
  const list = () => rest(server.url, 'GET', '/projects', { token: accessToken, tenant: ada.slug });
  const busy = async () => (await readMetrics(server.url)).value('atrium_pool_connections_busy');
  try {
    expect((await list()).status).toBe(200);
    // In time: a transaction that waits for a body is given up after 10 s.
    await waitFor('all connections to be free', async () => (await busy()) === 0, 5_000);
    const answers = await Promise.all(Array.from({ length: 10 }, list));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  } finally {
    for (const { socket } of slow) socket.destroy();
  }
});
