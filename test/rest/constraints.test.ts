import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { expectError } from '../support/guards.ts';
import { callOn, errorOf, MOUNTS, onBothMounts, resultOf, type Mount } from '../support/mounts.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { PASSWORD } from '../support/people.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { at, reasonOf, type Answer } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

// A violated constraint of a product's table is the caller's error. Here `projects` gets one constraint of each kind.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Housed;
let server: OwnServer;

beforeAll(async () => {
  [ada] = await foundPair(place);
  server = await startOwnServer(place, {});
  const { sql } = owner;
  await sql.begin(async (tx) => {
    await tx`select set_config('search_path', ${ada.schema}, true)`;
    await tx.unsafe(`
      create table secret_kinds (name text primary key);
      insert into secret_kinds values ('known'), ('deferred'), ('taken'), ('excluded'), ('short');
      alter table projects
        add column kind text generated always as (split_part(description, ':', 1)) stored
          constraint secret_kind_fkey references secret_kinds,
        add constraint secret_check check (name not like 'check %'),
        add column later text generated always as (nullif(split_part(description, ':', 2), '')) stored
          constraint secret_later_fkey references secret_kinds deferrable initially deferred,
        add column single text generated always as (substring(name from '^single [a-z]+')) stored
          constraint secret_single_key unique,
        add constraint secret_excluded exclude using btree (substring(name from '^excluded [a-z]+') with =),
        alter column description set not null,
        alter column name type varchar(60);
      create table secret_tasks (project uuid constraint secret_task_fkey references projects);
      create table secret_notes (project uuid constraint secret_note_fkey references projects on delete restrict);
    `);
    // The same grant that `migrate` makes for the tables of a tenant.
    await tx.unsafe(`grant select, insert, update, delete on all tables in schema "${ada.schema}" to "${ada.role}"`);
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
});

const call = (mount: Mount, procedure: 'projects.create' | 'projects.update' | 'projects.delete', body: object) =>
  callOn(mount, server.url, procedure, { token: ada.tokens().accessToken, tenant: ada.slug, body });

function expectRefused(mount: Mount, answer: Answer, expected: [number, string]): void {
  expect([answer.status, reasonOf(answer)]).toEqual(expected);
  expectError(mount, answer);
  if (answer.status === 400) expect(at(errorOf(mount, answer), 'issues', 0, 'path')).toEqual([]);
  // The answer contains no name from the database and no value of the row.
  expect(JSON.stringify(answer.body)).not.toMatch(/secret|projects_|tenant_|varchar|Key \(/);
}

const fresh = (prefix: string) => `${prefix} ${crypto.randomUUID()}`;
const INVALID: [number, string] = [400, 'VALIDATION_FAILED'];
const CONFLICT: [number, string] = [409, 'CONFLICT'];

const CASES = [
  { what: 'a foreign key that leads nowhere', input: { description: 'nowhere' }, expected: INVALID },
  { what: 'a foreign key that is checked at the end', input: { description: 'known:nowhere' }, expected: INVALID },
  { what: 'a check', input: { name: fresh('check'), description: 'known' }, expected: INVALID },
  { what: 'a column that must not be null', input: { description: null }, expected: INVALID },
  { what: 'a column that is too short', input: { name: 'x'.repeat(61), description: 'known' }, expected: INVALID },
  { what: 'a unique constraint', input: { name: 'single one more', description: 'known' }, expected: CONFLICT },
  { what: 'an exclusion', input: { name: 'excluded too, more', description: 'known' }, expected: CONFLICT },
];

for (const { mount, what, input, expected } of onBothMounts(CASES)) {
  test(`${mount} answers ${what} on a table of the team as bad input, and stores nothing`, async () => {
    for (const name of ['single one', 'excluded too'])
      await call(mount, 'projects.create', { name, description: 'known' });
    const count = async () => (await owner.sql`select 1 from ${owner.sql(ada.schema)}.projects`).length;
    const before = await count();
    expectRefused(mount, await call(mount, 'projects.create', { name: fresh(mount), ...input }), expected);
    expect(await count()).toBe(before);

    const made = await call(mount, 'projects.create', { name: fresh(mount), description: 'known' });
    const id = at(resultOf(mount, made), 'id');
    expectRefused(mount, await call(mount, 'projects.update', { id, ...input }), expected);
  });
}

for (const { mount, table } of onBothMounts([{ table: 'secret_tasks' }, { table: 'secret_notes' }])) {
  test(`${mount} answers CONFLICT to the deletion of a row that ${table} refers to`, async () => {
    const made = await call(mount, 'projects.create', { name: fresh(mount), description: 'known' });
    const id = String(at(resultOf(mount, made), 'id'));
    await owner.sql`insert into ${owner.sql(ada.schema)}.${owner.sql(table)} values (${id})`;
    expectRefused(mount, await call(mount, 'projects.delete', { id }), CONFLICT);
    await owner.sql`delete from ${owner.sql(ada.schema)}.${owner.sql(table)}`;
    expect((await call(mount, 'projects.delete', { id })).status).toBeLessThan(300);
  });
}

test.each(MOUNTS)('a slug with a NUL, which PostgreSQL cannot store, is refused as bad input (%s)', async (mount) => {
  const body = { email: ada.email, password: PASSWORD, tenantSlug: 'a\0b' };
  const answer = await callOn(mount, server.url, 'auth.login', { body });
  expect([400, 404]).toContain(answer.status);
});

test.each(MOUNTS)('the log of a violated constraint names the constraint, and no value (%s)', async (mount) => {
  await call(mount, 'projects.create', { name: fresh('check'), description: 'known' });
  const told = () => server.lines.join('\n');
  await waitFor('the log to tell of it', () => Promise.resolve(told().includes('secret_check')));
  expect(told()).toContain('the database rejected what a procedure sent');
  expect(told()).not.toContain('Failing row');
});
