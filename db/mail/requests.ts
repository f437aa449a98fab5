import { v7 as uuidv7 } from 'uuid';
import { DAY_MS } from '../../core/duration.ts';
import { fromNow } from '../connection/clock.ts';
import { mailRequests } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { enqueue } from '../outbox/enqueue.ts';

/** How long a request waits for the worker, in ms. A reset's hour begins once its mail is sent. */
const LIFE_MS = 7 * DAY_MS;

/**
 * Asks the worker for a mail to an address. Whether anybody has the address is not looked at here: the same rows are
 * written, in the same time, for everyone.
 */
export async function requestMail(tx: Tx, kind: 'verify-email' | 'reset-password', email: string): Promise<void> {
  const id = uuidv7();
  await tx.insert(mailRequests).values({ id, kind, email, expiresAt: fromNow(LIFE_MS) });
  const template = kind === 'verify-email' ? 'resend-verification' : kind;
  await enqueue(tx, null, { kind: 'email.send', payload: { template, requestId: id } });
}
