import { posix } from 'node:path';
import type { Planted } from './planted-lint.ts';

/** Modules to import: the entries of the layers, and some of their internals. */
const TARGETS = [
  'core/tenancy/slug-format.ts',
  'db/entering/enter.ts',
  'db/entering/owner/in-tenant.ts',
  'db/connection/owner/connect.ts',
  'workflows/contract.ts',
  'workflows/product/contract.ts',
  'workflows/outbox/relay.ts',
  'workflows/activities/index.ts',
  'workflows/sandbox/index.ts',
  'routers/index.ts',
  'routers/users.ts',
  'src/app.ts',
  'client/index.ts',
  'dev/stack.ts',
  'cli/fleet.ts',
  'bench/main.ts',
  'test/support/stack.ts',
] as const;

type Target = (typeof TARGETS)[number];

const BELOW = ['core/tenancy/slug-format.ts', 'db/entering/enter.ts'] as const;
/** Modules that need the owner's connection. */
const OWNER = ['db/entering/owner/in-tenant.ts', 'db/connection/owner/connect.ts'] as const;
const NODE_SIDE = [
  ...BELOW,
  ...OWNER,
  'workflows/contract.ts',
  'workflows/product/contract.ts',
  'workflows/outbox/relay.ts',
  'workflows/activities/index.ts',
] as const;
const ROUTER = [...BELOW, 'workflows/contract.ts', 'routers/index.ts', 'routers/users.ts'] as const;

/** For each place, what its files may import, and of which other modules they may import types. */
export const STAIRCASE: { place: string; may: readonly Target[]; types?: readonly Target[] }[] = [
  { place: 'core/planted.ts', may: ['core/tenancy/slug-format.ts'] },
  { place: 'core/rate-limit/planted.ts', may: ['core/tenancy/slug-format.ts'] },
  { place: 'db/planted.ts', may: BELOW },
  { place: 'db/connection/planted.ts', may: BELOW },
  { place: 'db/connection/owner/planted.ts', may: [...BELOW, ...OWNER] },
  { place: 'db/planted/owner/planted.ts', may: [...BELOW, ...OWNER] },
  { place: 'db/outbox/product/planted.ts', may: BELOW },
  { place: 'workflows/planted.ts', may: NODE_SIDE, types: ['workflows/sandbox/index.ts'] },
  {
    place: 'workflows/activities/planted.ts',
    may: NODE_SIDE.filter((target) => target !== 'db/entering/enter.ts' && target !== 'db/connection/owner/connect.ts'),
    types: ['workflows/sandbox/index.ts'],
  },
  {
    place: 'workflows/product/activities/planted.ts',
    may: NODE_SIDE.filter((target) => target !== 'db/entering/enter.ts' && target !== 'db/connection/owner/connect.ts'),
    types: ['workflows/sandbox/index.ts'],
  },
  // The platform's activities, which do not work inside a tenant.
  { place: 'workflows/activities/tenancy/provision.ts', may: NODE_SIDE, types: ['workflows/sandbox/index.ts'] },
  { place: 'workflows/contract.ts', may: ['workflows/contract.ts'], types: ['core/tenancy/slug-format.ts'] },
  {
    place: 'workflows/sandbox/planted.ts',
    may: ['workflows/contract.ts', 'workflows/sandbox/index.ts'],
    types: ['workflows/activities/index.ts'],
  },
  {
    place: 'workflows/product/contract.ts',
    may: ['workflows/product/contract.ts'],
    types: ['core/tenancy/slug-format.ts'],
  },
  { place: 'workflows/product/sandbox/planted.ts', may: ['workflows/contract.ts', 'workflows/product/contract.ts'] },
  { place: 'routers/planted.ts', may: ROUTER },
  { place: 'routers/product/planted.ts', may: ROUTER },
  { place: 'routers/auth/planted.ts', may: ROUTER },
  { place: 'src/planted.ts', may: [...ROUTER, 'src/app.ts'] },
  { place: 'src/pages/planted.ts', may: [...ROUTER, 'src/app.ts'] },
  { place: 'client/planted.ts', may: ['client/index.ts'], types: ['routers/index.ts', 'routers/users.ts'] },
  { place: 'dev/planted.ts', may: [...BELOW, ...OWNER, 'dev/stack.ts'] },
  { place: 'cli/planted.ts', may: [...BELOW, ...OWNER, 'workflows/contract.ts', 'routers/index.ts', 'cli/fleet.ts'] },
  { place: 'bench/planted.ts', may: TARGETS.filter((target) => !target.startsWith('test/')) },
  { place: 'test/planted.ts', may: TARGETS },
];

interface Step extends Planted {
  refused: boolean;
}

let names = 0;

function waysToImport(place: string, target: Target, may: boolean, mayTypes: boolean): Step[] {
  const relative = posix.relative(posix.dirname(place), target);
  const from = `'${relative.startsWith('.') ? relative : `./${relative}`}'`;
  names += 1;
  return [
    { file: place, code: `import { a${names} } from ${from};`, refused: !may },
    { file: place, code: `export const b${names} = await import(${from});`, refused: !may },
    { file: place, code: `export { c${names} } from ${from};`, refused: !may },
    { file: place, code: `export * from ${from};`, refused: !may },
    { file: place, code: `import ${from};`, refused: !may },
    { file: place, code: `import type { D${names} } from ${from};`, refused: !mayTypes },
    { file: place, code: `export type { E${names} } from ${from};`, refused: !mayTypes },
  ];
}

/** All imports of all places. */
export const steps = STAIRCASE.flatMap(({ place, may, types = [] }) =>
  TARGETS.filter((target) => target !== place).flatMap((target) =>
    waysToImport(place, target, may.includes(target), [...may, ...types].includes(target)),
  ),
);
