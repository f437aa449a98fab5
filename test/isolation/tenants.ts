import type { Tx } from '../../db/connection/lane.ts';
import { enterTenant } from '../../db/entering/enter.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair } from '../support/pool-tenants.ts';
import { asTenant } from './probes.ts';

/** Founds the tenants of Ada and Ben, and connects as the app to act as Ada's tenant. `Symbol.asyncDispose` disconnects. */
export async function openTenants(stack: SharedStack) {
  const [ada, ben] = await foundPair(stack);
  const app = connect(stack.databaseUrl);
  const { pool, ...open } = openPool(stack.databaseUrl, 2);
  return {
    ada,
    ben,
    app,
    /** Runs a statement with the role and search_path of Ada's tenant, and rolls it back. */
    asAda: (text: string, parameters?: (string | null)[]) => asTenant(app.sql, ada, text, parameters),
    /** Enters Ada's tenant as a procedure that writes does. */
    enterAda: <T>(work: (entered: { tx: Tx }) => Promise<T>): Promise<T> =>
      enterTenant(pool, doorTo(ada, 'tenant', false), work),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await open[Symbol.asyncDispose]();
    },
  };
}
