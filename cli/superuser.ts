import { emailSchema } from '../core/mail/address.ts';
import { parseEnv, SUPERUSER_SETTINGS, withLocalDefaults } from '../core/env/index.ts';
import { connectOwner } from '../db/connection/owner/connect.ts';
import { listSuperusers, setSuperuser } from '../db/identity/owner/superusers.ts';
import { tellFailure, UsageError } from './failure.ts';

// `bun run superuser promote|demote EMAIL`, `bun run superuser list`: changes or lists the superusers of the platform.

const USAGE = 'usage: bun run superuser promote EMAIL | demote EMAIL | list';

async function main([verb, address, ...more]: string[]): Promise<void> {
  if (more.length > 0) throw new UsageError(USAGE);
  const env = parseEnv(withLocalDefaults(process.env), SUPERUSER_SETTINGS);
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 1, name: 'atrium superuser' });
  try {
    if (verb === 'list' && address === undefined) {
      for (const { email, fullName } of await listSuperusers(owner)) console.log(`${email}  ${fullName}`);
      return;
    }
    if ((verb !== 'promote' && verb !== 'demote') || address === undefined) throw new UsageError(USAGE);
    const email = emailSchema.safeParse(address).data;
    if (email === undefined) throw new UsageError(`${address} is not an e-mail address`);
    if (verb === 'promote' && !env.SUPERUSER_EMAILS.includes(email)) {
      throw new UsageError(`${email} is not in SUPERUSER_EMAILS; add it there first`);
    }
    const outcome = await setSuperuser(owner, email, verb === 'promote');
    if (outcome === 'unknown') throw new UsageError(`${email} has no account; sign up and verify the address first`);
    console.log(outcome === 'changed' ? `${email}: ${verb}d` : `${email}: nothing to change`);
  } finally {
    await owner.end();
  }
}

main(process.argv.slice(2)).catch(tellFailure);
