import * as fc from 'fast-check';
import type { Role, TenantIndex } from './model.ts';

const KINDS = {
  refresh: 12,
  accept: 9,
  invite: 8,
  switchTenant: 7,
  setRole: 7,
  timePasses: 6,
  remove: 5,
  leave: 4,
  createKey: 4,
  revokeKey: 3,
  revokeInvite: 3,
  disable: 3,
  enable: 4,
  logout: 3,
  revokeSession: 3,
  requestReset: 2,
  // Each of these needs one or two Argon2 runs, so they are rare.
  login: 6,
  confirmReset: 4,
  changePassword: 3,
  logoutAll: 1,
};

type Kind = keyof typeof KINDS;

/** A random action before it is matched with the existing things. */
export interface Wish {
  do: Kind;
  /** Numbers that choose among the existing things. */
  who: number;
  what: number;
  /** The person that it should be about, if any. */
  about: number | null;
  tenant: TenantIndex | null;
  role: Role;
  /** Whether to use something unfitting: the token of another person, a wrong password, or something that has ended. */
  odd: boolean;
}

/** An action on existing things, by their indexes. `as` is an access token. */
export type Action =
  | { do: 'login'; person: number; password: number; tenant: TenantIndex | null }
  | { do: 'refresh'; token: number; tenant: TenantIndex | null }
  | { do: 'logout' | 'logoutAll' | 'leave'; as: number }
  | { do: 'revokeSession'; as: number; session: number }
  | { do: 'switchTenant'; as: number; token: number; tenant: TenantIndex }
  | { do: 'changePassword'; as: number; current: number; next: number }
  | { do: 'requestReset'; person: number }
  | { do: 'confirmReset'; reset: number; next: number }
  | { do: 'invite'; as: number; person: number; role: Role }
  | { do: 'revokeInvite'; as: number; invite: number }
  | { do: 'accept'; invite: number; as: number | null; next: number }
  | { do: 'setRole'; as: number; person: number; role: Role }
  | { do: 'remove'; as: number; person: number }
  | { do: 'disable' | 'enable'; person: number }
  | { do: 'createKey'; as: number; role: Role }
  | { do: 'revokeKey'; as: number; key: number }
  | { do: 'timePasses' };

const kind = fc.oneof(
  ...Object.entries(KINDS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name).filter(isKind) })),
);

function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

const wish: fc.Arbitrary<Wish> = fc.record({
  do: kind,
  who: fc.nat(99),
  what: fc.nat(99),
  about: fc.constant(null),
  tenant: fc.constantFrom(null, 0, 1),
  role: fc.constantFrom('admin', 'member'),
  odd: fc.nat(5).map((n) => n === 5),
});

/** A history, one action after another. */
export const quietHistory: fc.Arbitrary<Wish[]> = fc.array(wish, { maxLength: 30, size: 'max' });

/** Groups of actions on the same rows, so that one may change a row between the read and the write of another. */
const rivals = fc.constantFrom<Kind[]>(
  ['invite', 'accept'],
  ['invite', 'disable'],
  ['invite', 'setRole', 'remove'],
  ['accept', 'revokeInvite'],
  ['accept', 'remove'],
  ['switchTenant', 'refresh'],
  ['changePassword', 'refresh', 'switchTenant'],
  ['refresh', 'logout', 'revokeSession'],
  ['leave', 'remove', 'setRole'],
  ['createKey', 'revokeKey', 'setRole'],
  ['login', 'changePassword', 'disable'],
  ['login', 'confirmReset', 'requestReset'],
);
const strangers = fc.array(
  kind.filter((one) => one !== 'timePasses'),
  { minLength: 2, maxLength: 6 },
);

/** Concurrent wishes, often about the same person. The first may be repeated. */
const together = fc.record({
  wishes: fc.array(wish, { minLength: 2, maxLength: 4, size: 'max' }),
  first: fc.nat(5),
  times: fc.constantFrom(1, 1, 2, 3),
  about: fc.option(fc.nat(99), { freq: 4 }),
  pause: fc.nat(4).map((n) => n === 4),
});

/**
 * A history of concurrent batches. It has only a few kinds of actions, so that conflicting kinds meet often. Time passes
 * only between batches, because all actions of a batch see the same time.
 */
export const busyHistory: fc.Arbitrary<Wish[][]> = fc
  .record({
    kinds: fc.oneof({ weight: 3, arbitrary: rivals }, { weight: 1, arbitrary: strangers }),
    batches: fc.array(together, { minLength: 2, maxLength: 12, size: 'max' }),
  })
  .map(({ kinds, batches }) =>
    batches.flatMap(({ wishes, first, times, about, pause }) => {
      const meant = wishes.map((one, index) =>
        Object.assign({}, one, { about, do: kinds[(first + index) % kinds.length] ?? one.do }),
      );
      const batch = meant.flatMap((one, index) => Array.from({ length: index === 0 ? times : 1 }, () => one));
      const after = meant.slice(0, 1).map((one) => Object.assign({}, one, { do: 'timePasses' as const }));
      return pause ? [batch, after] : [batch];
    }),
  );
