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
  // Each of these costs an Argon2 run or two.
  login: 6,
  confirmReset: 4,
  changePassword: 3,
  logoutAll: 1,
};

type Kind = keyof typeof KINDS;

/** An action before it is known what there is to act on. */
export interface Wish {
  do: Kind;
  /** Choose among what there is. */
  who: number;
  what: number;
  /** Whom it is to be about, if anyone. */
  about: number | null;
  tenant: TenantIndex | null;
  role: Role;
  /** Whether to take what does not fit: someone else's token, a wrong password, what is over. */
  odd: boolean;
}

/** An action on things that are there, each named by its index. `as` is an access token. */
export type Action =
  | { do: 'login'; person: number; password: number; tenant: TenantIndex | null }
  | { do: 'refresh'; token: number; tenant: TenantIndex | null }
  | { do: 'logout' | 'logoutAll' | 'leave'; as: number }
  | { do: 'revokeSession'; as: number; session: number }
  | { do: 'switchTenant'; as: number; tenant: TenantIndex }
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

export const wish: fc.Arbitrary<Wish> = fc.record({
  do: kind,
  who: fc.nat(99),
  what: fc.nat(99),
  about: fc.constant(null),
  tenant: fc.constantFrom(null, 0, 1),
  role: fc.constantFrom('admin', 'member'),
  odd: fc.nat(5).map((n) => n === 5),
});

/** Wishes that come at once, often about the same person. The first may come several times. */
export const together: fc.Arbitrary<Wish[]> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({
        wishes: fc.array(
          wish.filter((one) => one.do !== 'timePasses'),
          { minLength: 1, maxLength: 4, size: 'max' },
        ),
        about: fc.option(fc.nat(99), { freq: 4 }),
        times: fc.constantFrom(1, 1, 2, 3),
      })
      .map(({ wishes, about, times }) => {
        const [first, ...others] = wishes.map((one) => Object.assign({}, one, { about }));
        return first ? Array.from({ length: times }, () => first).concat(others) : [];
      }),
  },
  { weight: 1, arbitrary: wish.map((one) => [Object.assign({}, one, { do: 'timePasses' as const })]) },
);
