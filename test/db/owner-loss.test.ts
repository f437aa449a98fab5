import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connectOwner } from '../../db/connection/owner/connect.ts';
import { connect } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { LOSSES, type Ground } from './losses.ts';

// The worker runs for weeks, so it must survive the loss of each of the owner's connections.
const stack = inject('stack');
const admin = connect(stack.databaseAdminUrl);
const { port } = new URL(stack.databaseOwnerUrl);
const proxy = await startFaultProxy(Number(port));
const ground: Ground = {
  open: connectOwner,
  direct: stack.databaseOwnerUrl,
  proxied: stack.databaseOwnerUrl.replace(`:${port}/`, `:${proxy.port}/`),
  proxy,
  admin: admin.sql,
};
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await admin[Symbol.asyncDispose]();
});

/** Uncaught errors: each would end a worker. */
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(async () => {
  // The timers of the driver fire within this time.
  await pause(50);
  process.off('uncaughtException', note).off('unhandledRejection', note);
});

test.each(Object.entries(LOSSES))('%s', async (_, lose) => {
  await lose(ground);
  expect(uncaught).toEqual([]);
});

test('an error that a transaction throws reaches its caller unchanged, and the transaction is rolled back', async () => {
  const owner = connectOwner(stack.databaseOwnerUrl, { max: 1, name: 'atrium test loss' });
  try {
    await expect(
      owner.begin(async (tx) => {
        await tx`create temporary table left_behind ()`;
        throw new Error('something else');
      }),
    ).rejects.toThrow('something else');
    expect(await owner`select to_regclass('pg_temp.left_behind') as found`).toMatchObject([{ found: null }]);
    await expect(owner.begin((tx) => tx`select 1 / 0`)).rejects.toMatchObject({ code: '22012' });
  } finally {
    await owner.end({ timeout: 5 });
  }
});
