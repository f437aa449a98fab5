import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, inject, test } from 'vitest';
import { at, reasonOf, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { openLargeLog, ROWS } from './large-log.ts';

// The log is larger than the server's memory should be: the export reads rows only as fast as the client takes them.
// A stack of its own, because the tests count the rows that are read.
const large = await openLargeLog(inject('stack'));
const { stack, owner, founder, begin, rested, outcomes, nobodyListens, shortLived } = large;
afterAll(() => large[Symbol.asyncDispose]());

test(`an export of ${ROWS} rows has each row once and in order`, async () => {
  const text = await (await begin()).text();
  const ids = text
    .trimEnd()
    .split('\n')
    .map((line) => String(at(JSON.parse(line), 'id')));
  expect(ids.length).toBeGreaterThan(ROWS);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  // The log line is written a moment after the answer, and the next test counts lines.
  await waitFor('the line of the export', () => outcomes().at(-1) === 'ok');
});

test('a client that disconnects ends its export, and may begin another one each time', async () => {
  const before = outcomes().length;
  for (let count = 0; count < 12; count += 1) {
    const leaving = new AbortController();
    const response = await waitFor('a free stream', async () => {
      const answer = await begin(leaving.signal);
      return answer.status === 200 && answer;
    });
    const first = await response.body?.getReader().read();
    expect(first?.done).toBe(false);
    leaving.abort();
  }
  // Requests before a place was free were refused.
  const exports = (): string[] =>
    outcomes()
      .slice(before)
      .filter((outcome) => outcome !== 'RATE_LIMITED');
  await waitFor('the lines of the exports', () => exports().length >= 12);
  expect(new Set(exports())).toEqual(new Set(['cut']));
  // A client that disconnects is not an error of the server.
  expect(stack.lines.filter((line) => line.includes('an export was aborted'))).toEqual([]);
});

test('HEAD of the export leaves no export open', async () => {
  for (let count = 0; count < 12; count += 1) {
    // The previous export ends only after its current batch.
    const status = await waitFor('a free stream', async () => {
      const answer = await begin(undefined, 'HEAD');
      return answer.status === 200 && answer.status;
    });
    expect(status).toBe(200);
  }
});

test('one caller may have five exports and verifications at once, and no more', async () => {
  const open = await Promise.all(
    Array.from({ length: 5 }, () =>
      waitFor('a free stream', async () => {
        const response = await begin();
        return response.status === 200 && response;
      }),
    ),
  );
  const call = { token: founder.tokens().accessToken, tenant: founder.slug };
  expect((await begin()).status).toBe(429);
  expect(reasonOf(await rest(stack.url, 'GET', '/audit/verify', call))).toBe('RATE_LIMITED');
  await open[0]?.body?.cancel();
  await waitFor('a place to be free', async () => (await rest(stack.url, 'GET', '/audit/verify', call)).status === 200);
  for (const { body } of open.slice(1)) await body?.cancel();
});

test('an export continues for a slow reader, for longer than a connection may be idle', async () => {
  await stack.server.stop();
  await stack.server.start({ IDLE_SECONDS: '1', READER_SECONDS: '60' });
  const response = await begin();
  const reader = response.body?.getReader();
  let bytes = (await reader?.read())?.value?.length ?? 0;
  // Bun checks its timeouts every 4 s: an idle timeout of a second would close the connection within 8 s.
  await pause(10_000);
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length;
  expect(bytes).toBeGreaterThan(ROWS * 3_000);
  await waitFor('the line of the export', () => outcomes().at(-1) === 'ok');
});

test('an export whose reader stops reading is cut off after a while, and is logged and counted as cut', async () => {
  await stack.server.stop();
  await stack.server.start({ IDLE_SECONDS: '30', READER_SECONDS: '10' });
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await waitFor('the line of the export', () => outcomes().at(-1) === 'cut', 60_000);
  const metrics = await (await fetch(`${stack.url}/metrics`)).text();
  expect(metrics).toMatch(/^atrium_http_answers_cut_total\{mount="rest"\} 1$/m);
  expect(metrics).toMatch(/^atrium_calls_total\{procedure="audit.export",mount="rest",outcome="cut"\} 1$/m);
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
  await stack.server.stop();
  await stack.server.start();
});

test('a server that shuts down lets a running export end', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  let bytes = (await reader?.read())?.value?.length ?? 0;
  const stopping = stack.server.stop();
  await nobodyListens();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length;
  expect(bytes).toBeGreaterThan(ROWS * 3_000);
  await stopping;
  await stack.server.start();
});

test('an export that a shutdown cuts off ends with an error, so that no client takes it for complete', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await stack.server.stop();
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
  await stack.server.start();
});

test('an export is aborted when the token that began it expires', async () => {
  const response = await begin(undefined, 'GET', await shortLived(6_000));
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  await reader?.read();
  await pause(6_100);
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
});

// It must be the last test, because it ends the founder's session.
test('an export reads no rows ahead for a client that does not read, and is aborted when the session ends', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await rested();
  await owner.sql`update public.sessions set revoked_at = now() where user_id = ${founder.userId}`;
  let bytes = 0;
  const reading = (async () => {
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) return;
      bytes += part.value.length;
    }
  })();
  // The client must see that the export is not complete.
  await expect(reading).rejects.toThrow();
  expect(bytes).toBeLessThan(ROWS * 1_500);
  // The log must show it too.
  await waitFor('the line of the request', () =>
    stack.lines.some((line) => line.includes('audit.export') && line.includes('"outcome":"UNAUTHENTICATED"')),
  );
});
