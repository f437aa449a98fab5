import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { signUpTenant, logIn } from '../support/people.ts';
import { attack } from './attack.ts';
import { findSchemathesis } from './tool.ts';

/** Operations that end the caller's session or rename its tenant. Each gets a caller of its own. */
const ENDING = ['auth-logout', 'auth-logoutAll', 'auth-revokeSession', 'tenants-update'];

const PUBLIC =
  '^/(auth/(register|verify-email|resend-verification|login|refresh|password-reset)|invites/(preview|accept))';
const OPERATORS = '^/admin/';
/** The other paths without a tenant. Paths with a tenant refuse a token for the lobby, which test/matrix checks. */
const LOBBY = '^/(admin/|users/|tenants$|tenants/[{]|auth/(switch|change|sessions))';
const REST = '^/(users|tenants|members|projects|api-keys|audit|invites$|invites/[{]|auth/(switch|change|sessions))';

const TIMEOUT_MS = 180_000;

// A stack of its own, because a superuser disables accounts.
let stack: OwnStack;
let place: { url: string; mailDir: string; env: Readonly<Record<string, string>>; command: string };

beforeAll(async () => {
  const shared = inject('stack');
  const command = await findSchemathesis(shared.env);
  stack = await startOwnStack(shared);
  const { url, mailDir, env } = stack;
  place = { url, mailDir, env, command };
}, 240_000);

afterAll(() => stack?.remove());

async function founder() {
  const made = await signUpTenant(place);
  return { token: made.tokens().accessToken, tenant: made.slug };
}

describe('any generated request gets a documented answer, and no 5xx', { timeout: TIMEOUT_MS }, () => {
  describe.concurrent('callers who see their own data only', () => {
    test('without a token, and with the token of an admin whose session or tenant ends', async () => {
      expect(await attack(place, { name: 'nobody', home: PUBLIC })).toBeGreaterThan(200);
      for (const id of ENDING) {
        expect(await attack(place, { name: 'a leaver', ...(await founder()), home: '.', only: [id] })).toBeGreaterThan(
          3,
        );
      }
    });

    test("with the token of a tenant's admin", async () => {
      const admin = { name: 'an admin', ...(await founder()), home: REST, spare: ENDING };
      expect(await attack(place, admin)).toBeGreaterThan(500);
    });
  });

  test('with the token of a superuser', async () => {
    const { tokens } = await logIn(place, stack.superuser);
    const operator = {
      name: 'a superuser',
      token: tokens().accessToken,
      home: OPERATORS,
      within: LOBBY,
      spare: ENDING,
    };
    expect(await attack(place, operator)).toBeGreaterThan(100);
  });
});
