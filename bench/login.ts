import type { Stack } from '../dev/types.ts';
import { createCaller } from './caller.ts';
import { gather, strangers } from './crowd.ts';
import { found, signUp } from './founder.ts';
import type { Comparison } from './report.ts';
import type { Running } from './servers.ts';
import { ratioOfMedians, spreadOf } from './statistics.ts';
import { takeTurns, WARM_UP } from './turns.ts';

const GOAL = { within: [0.95, 1.05] } as const;

/** A call about an address whose answer must not show whether the address is known. */
interface Question {
  name: string;
  path: string;
  status: number;
  /** One known and one unknown address for each round. */
  known: readonly string[];
  unknown: readonly string[];
  body: (email: string) => object;
}

/**
 * Measures whether the latency of an answer shows that an address is known. It compares a call with an unknown address and
 * the same call with a known one, in turns and one at a time. The worker is stopped first, so that its work does not slow
 * the server; its mails and tenants stay in the outbox.
 */
export async function compareLogins(options: {
  stack: Stack;
  atrium: Running;
  rounds: number;
  log: (line: string) => void;
}): Promise<Comparison[]> {
  const { stack, atrium, rounds, log } = options;
  const { slug } = await found(stack.url, stack.mailDir);
  const count = rounds + WARM_UP;
  const { accounts, pending } = await gather({ ownerUrl: stack.databaseOwnerUrl, slug, count });
  await stack.worker.kill('SIGTERM');
  const call = createCaller(atrium.url, 1);

  const questions: Question[] = [
    {
      name: 'login: unknown e-mail ÷ wrong password',
      path: '/auth/login',
      status: 401,
      known: accounts,
      unknown: strangers(count),
      body: (email) => ({ email, password: 'not-the-password-of-anyone' }),
    },
    {
      name: 'resend-verification: unknown ÷ pending',
      path: '/auth/resend-verification',
      status: 202,
      known: pending,
      unknown: strangers(count),
      body: (email) => ({ email }),
    },
    {
      name: 'password-reset: unknown ÷ account',
      path: '/auth/password-reset',
      status: 202,
      known: accounts,
      unknown: strangers(count),
      body: (email) => ({ email }),
    },
    {
      name: 'register: new address ÷ account',
      path: '/auth/register',
      status: 202,
      known: accounts,
      unknown: strangers(count),
      body: (email) => ({ ...signUp(), email }),
    },
  ];

  const comparisons: Comparison[] = [];
  for (const { name, path, status, body, ...question } of questions) {
    const ask = async (email: string | undefined): Promise<number> => {
      if (email === undefined) throw new Error('There are too few addresses');
      const answer = await call(path, body(email));
      if (answer.status === status) return answer.milliseconds;
      throw new Error(`${path} answered ${answer.status} ${String(answer.reason)} in place of ${status}`);
    };
    const times = await takeTurns({
      a: (number) => ask(question.unknown[number]),
      b: (number) => ask(question.known[number]),
      rounds,
    });
    const ratio = ratioOfMedians(times.a, times.b);
    comparisons.push({ name, unit: 'ms', ours: spreadOf(times.a), other: spreadOf(times.b), ratio, goal: GOAL });
    log(`${name}, ${rounds} rounds: ${ratio.median.toFixed(3)}`);
  }
  return comparisons;
}
