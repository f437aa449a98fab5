import { integer, pgEnum, PgSchema, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import * as lobby from '../../db/tables/lobby.ts';
import * as productLobby from '../../db/tables/product/lobby.ts';
import * as productTenant from '../../db/tables/product/tenant.ts';
import { brokenRules } from '../../db/tables/rules.ts';
import * as tenant from '../../db/tables/tenant.ts';

// The rules for tables that keep the sets of migrations independent.

test.each([
  ["Atrium's tables of a tenant", brokenRules('tenant', 'atrium', tenant)],
  ["Atrium's tables of the lobby", brokenRules('lobby', 'atrium', lobby)],
  ["the product's tables of a tenant", brokenRules('tenant', 'product', productTenant, tenant)],
  ["the product's tables of the lobby", brokenRules('lobby', 'product', productLobby, lobby)],
])('%s keep the rules of names and references', (_, broken) => {
  expect(broken).toEqual([]);
});

const notes = pgTable('atrium_notes', { id: uuid().primaryKey() });
const tasks = pgTable('tasks', { id: uuid().primaryKey(), note: uuid().references(() => notes.id) });

test('a table or enum of Atrium in a tenant’s schema begins with atrium_, and no other may', () => {
  const state = pgEnum('state', ['open']);
  expect(brokenRules('tenant', 'atrium', { notes })).toEqual([]);
  expect(brokenRules('tenant', 'atrium', { notes, tasks, state })).toMatchObject([
    expect.stringMatching(/^tasks: .* begins with atrium_/),
    expect.stringMatching(/^state: .* begins with atrium_/),
  ]);
  expect(brokenRules('tenant', 'product', { notes })).toMatchObject([expect.stringMatching(/^atrium_notes: /)]);
  expect(brokenRules('lobby', 'extension:crm', { notes })).toMatchObject([expect.stringMatching(/^atrium_notes: /)]);
});

test('a table of the product may refer to one of Atrium, and never the other way', () => {
  const marks = pgTable('atrium_marks', { id: uuid().primaryKey(), task: uuid().references(() => tasks.id) });
  expect(brokenRules('tenant', 'product', { tasks }, { notes })).toEqual([]);
  expect(brokenRules('tenant', 'atrium', { notes, marks })).toMatchObject([
    expect.stringMatching(/^The table atrium_marks refers to tasks: a table of the set atrium may refer to/),
  ]);
});

test('a table of a tenant refers to no table of the lobby', () => {
  const people = new PgSchema('public').table('people', { id: integer().primaryKey(), name: text() });
  const owned = pgTable('owned', { owner: integer().references(() => people.id) });
  expect(brokenRules('tenant', 'product', { owned }, { notes })).toMatchObject([
    expect.stringMatching(/^The table owned refers to people: .* of the same tenant that run before it/),
  ]);
});
