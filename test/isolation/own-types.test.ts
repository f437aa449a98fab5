import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair } from '../support/pool-tenants.ts';
import { enterTenant } from '../../db/entering/enter.ts';

test('two tenants that each have a type of the same name use their own, over one connection', async () => {
  const stack = inject('stack');
  const [ada, ben] = await foundPair(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  for (const { schema, role } of [ada, ben]) {
    await owner.sql.unsafe(`
      create type "${schema}".planted_mood as enum ('calm', 'keen');
      create table "${schema}".planted_moods (mood "${schema}".planted_mood not null);
      grant select, insert on "${schema}".planted_moods to "${role}"`);
  }
  await using held = openPool(stack.databaseUrl, 1);

  for (const tenant of [ada, ben, ada, ben]) {
    await enterTenant(held.pool, doorTo(tenant, 'tenant', false), ({ tx }) =>
      tx.execute(sql`insert into planted_moods (mood) values (${'keen'})`),
    );
  }
  for (const tenant of [ada, ben]) {
    const rows = await enterTenant(held.pool, doorTo(tenant, 'tenant', true), ({ tx }) =>
      tx.execute(sql`select mood from planted_moods where mood = ${'keen'}`),
    );
    expect(rows).toHaveLength(2);
  }
});
