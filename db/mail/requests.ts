import { v7 as uuidv7 } from 'uuid';
import { DAY_MS } from '../../core/duration.ts';
import { fromNow } from '../connection/clock.ts';
import { mailRequests } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { enqueue } from '../outbox/enqueue.ts';

/** How long a request waits for the worker, in ms. The hour of a reset's link begins when its mail is sent. */
const LIFE_MS = 7 * DAY_MS;

/**
 * Queues a mail to an address. It does not check whether the address has an account: it writes the same rows, in the same
 * time, for every address.
 */
export async function requestMail(tx: Tx, kind: 'verify-email' | 'reset-password', email: string): Promise<void> {
  const id = uuidv7();
  await tx.insert(mailRequests).values({ id, kind, email, expiresAt: fromNow(LIFE_MS) });
  const template = kind === 'verify-email' ? 'resend-verification' : kind;
  await enqueue(tx, null, { kind: 'email.send', payload: { template, requestId: id } });
}
