import { LAYERS, type Place } from './place.ts';
import { DRIVER, ON_NODE, TRANSPORT } from './refusals.ts';

const IN_DB = {
  layers: { may: ['core', 'db'], why: 'db/ may import core/ only.' },
  sql: true,
  refuses: [
    TRANSPORT,
    { regex: '^(@temporalio|bun|bun:.*)(/|$)', message: 'db/ also runs on Node, and does not use Temporal.' },
  ],
} as const satisfies Partial<Place>;

const IN_WORKFLOWS = {
  layers: {
    may: ['core', 'db', 'workflows'],
    why: 'workflows/ may import db/ and core/ only.',
  },
  owner: true,
  typesOf: {
    folder: 'sandbox',
    why: "Sandboxed code runs in Temporal's sandbox only: name the workflow by contract.ts.",
  },
} as const satisfies Partial<Place>;

/** Which files may import what, and the messages for other imports. `bun run lint:layers` writes it into `.oxlintrc.json`. */
export const PLACES: readonly [elsewhere: Place, ...Place[]] = [
  {
    files: [],
    layers: { may: ['core', 'db', 'workflows', 'routers', 'src'], why: 'Nothing imports the client, tests or tools.' },
    refuses: [DRIVER],
  },
  {
    files: ['core/**'],
    layers: { may: ['core'], why: 'core/ imports nothing else of this repository.' },
    refuses: [
      TRANSPORT,
      { regex: '^(drizzle-orm|postgres|@temporalio)(/|$)', message: 'core/ uses neither SQL nor Temporal.' },
    ],
  },
  { files: ['db/**'], ...IN_DB },
  { files: ['db/**/owner/**'], ...IN_DB, owner: true },
  { files: ['workflows/**'], ...IN_WORKFLOWS, refuses: ON_NODE },
  {
    files: ['workflows/activities/**', 'workflows/product/activities/**'],
    ...IN_WORKFLOWS,
    doors: {
      to: ['db'],
      except: ['db/tables/product/lobby.ts'],
      files: [
        'db/entering/owner/in-tenant.ts',
        'db/tables/tenant.ts',
        'db/tables/product/**',
        'db/outbox/enqueue.ts',
        'db/audit/changes.ts',
        'db/connection/errors.ts',
      ],
      why: "An activity works in a tenant by inTenant, over the tables of db/tables/product/ and db/tables/tenant.ts. One that needs the owner is the platform's: name its file in dev/lint/layers.ts.",
    },
    refuses: [
      {
        regex: '^drizzle-orm/pg-core$',
        importNames: ['pgSchema', 'PgSchema'],
        message: 'The transaction says whose tables they are: name no schema.',
      },
      { regex: '^drizzle-orm/postgres-js(/|$)', message: 'An activity works in a tenant by inTenant.' },
      ...ON_NODE,
    ],
  },
  {
    // The platform's activities, which do not work inside a tenant.
    files: [
      'workflows/activities/index.ts',
      'workflows/activities/audit/tend-log.ts',
      'workflows/activities/mail/send.ts',
      'workflows/activities/tenancy/provision.ts',
      'workflows/activities/identity/reap.ts',
    ],
    ...IN_WORKFLOWS,
    refuses: ON_NODE,
  },
  {
    files: ['workflows/contract.ts', 'workflows/product/contract.ts'],
    typesOf: {
      layers: ['core'],
      why: 'The contract takes only types from core/: it is loaded in the sandbox.',
    },
    only: {
      modules: ['zod', '../core/**', '../../core/**'],
      why: 'The contract is loaded in the sandbox: zod and types of core/ only.',
    },
  },
  {
    files: ['workflows/sandbox/**', 'workflows/product/sandbox/**'],
    typesOf: {
      folder: 'activities',
      why: 'The sandbox sees the types of activities only.',
    },
    only: {
      modules: [
        '@temporalio/workflow',
        '@temporalio/common',
        './*.ts',
        '../contract.ts',
        '../../contract.ts',
        '../product/sandbox/index.ts',
        '../activities/**',
      ],
      why: 'Sandboxed code may import @temporalio/workflow, @temporalio/common, contract.ts and types of activities only.',
    },
  },
  {
    files: ['routers/**'],
    layers: {
      may: ['core', 'db', 'workflows', 'routers'],
      why: 'routers/ may import db/, core/ and workflows/contract.ts only.',
    },
    doors: {
      to: ['workflows'],
      files: ['workflows/contract.ts'],
      why: 'Of workflows/, only contract.ts may be imported: a router never talks to Temporal.',
    },
    refuses: [
      { regex: '^(hono|@hono)(/|$)', message: 'Routers use no HTTP server. That is in src/.' },
      {
        regex: '/db/(outbox/enqueue|mail/requests|tenancy/create-tenant)\\.ts$',
        importNames: ['enqueue', 'requestMail', 'createTenant'],
        message: 'Import it from routers/procedures/costs.ts, which asks whether the call was counted.',
      },
      {
        regex: '/core/auth/passwords\\.ts$',
        importNames: ['assertStrongPassword', 'createPasswords'],
        message: 'Use ctx.passwords, which asks whether the call was counted.',
      },
      { regex: '^(@temporalio)(/|$)', message: 'A router never talks to Temporal: insert an outbox row.' },
      DRIVER,
    ],
  },
  {
    files: ['src/**'],
    layers: { may: ['core', 'db', 'workflows', 'routers', 'src'], why: 'Nothing imports the client, tests or tools.' },
    doors: {
      to: ['workflows'],
      files: ['workflows/contract.ts'],
      why: 'Of workflows/, only contract.ts may be imported.',
    },
    refuses: [
      { regex: '^(@temporalio)(/|$)', message: 'The server never talks to Temporal: the worker does.' },
      DRIVER,
    ],
  },
  {
    files: ['client/**'],
    typesOf: {
      layers: ['routers'],
      why: 'The client sees only the types of routers/.',
    },
    layers: { may: ['client', 'routers'], why: 'The client may import types of routers/ only.' },
    refuses: [
      {
        regex: '^(node:.*|bun|bun:.*|hono|@hono|drizzle-orm|postgres|@temporalio)(/|$)',
        message: 'The client also runs in a browser.',
      },
      {
        group: ['@trpc/server', '@trpc/server/**', '!@trpc/server/observable'],
        allowTypeImports: true,
        message: 'The client also runs in a browser.',
      },
    ],
  },
  {
    files: ['dev/**'],
    layers: { may: ['core', 'db', 'dev'], why: 'dev/ may import db/ and core/ only.' },
    owner: true,
    // It starts PostgreSQL and checks that it answers.
    sql: true,
  },
  {
    files: ['cli/**'],
    layers: {
      may: ['core', 'db', 'workflows', 'routers', 'cli'],
      why: 'cli/ may import db/, core/, workflows/contract.ts and routers/index.ts only.',
    },
    owner: true,
    doors: {
      to: ['workflows', 'routers'],
      files: ['workflows/contract.ts', 'routers/index.ts'],
      why: 'Of workflows/ and routers/, only contract.ts and index.ts may be imported.',
    },
  },
  {
    files: ['bench/**'],
    layers: { may: LAYERS.filter((layer) => layer !== 'test'), why: 'Nothing imports tests.' },
    owner: true,
    // It fills tables, and compares Atrium with hand-written servers and with psql.
    sql: true,
  },
];
