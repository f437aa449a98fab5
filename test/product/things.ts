import { v7 as uuidv7 } from 'uuid';
import type { Stage } from '../matrix/stage.ts';
import { freshName } from '../matrix/things.ts';
import type { Housed } from '../support/pool-tenants.ts';

// Things of the product are inserted with SQL, so that each call has a thing of its own.

export async function makeProject({ sql }: Stage, { schema }: Pick<Housed, 'schema'>): Promise<string> {
  const id = uuidv7();
  await sql`insert into ${sql(schema)}.projects (id, name) values (${id}, ${freshName('Apollo')})`;
  return id;
}

/** Inserts one thing of each kind into another tenant. @returns their ids */
export async function makeProductThings(stage: Stage) {
  return { project: await makeProject(stage, stage.away) };
}
