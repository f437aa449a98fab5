import type { Cost } from '../../core/rate-limit/index.ts';
import type { Answer } from '../matrix/foreign.ts';
import { PAGE, type MakeInput } from '../matrix/make-input.ts';
import {
  ADMIN,
  ADMIN_KEY,
  DONE_AS_ADMIN,
  DONE_AS_MEMBER,
  KEYS,
  MEMBER,
  SEEN_AS_MEMBER,
  type Row,
} from '../matrix/levels.ts';
import type { ProductPath } from '../matrix/procedures.ts';
import { freshName } from '../matrix/things.ts';
import { makeProject, type makeProductThings } from './things.ts';

/** Who may call each of the product's procedures. */
export const PRODUCT_TABLE = {
  'projects.create': { ...MEMBER.writes, ...KEYS, ...DONE_AS_MEMBER },
  'projects.list': { ...MEMBER.reads, ...KEYS, ...SEEN_AS_MEMBER },
  'projects.get': { ...MEMBER.reads, ...KEYS, ...SEEN_AS_MEMBER },
  'projects.update': { ...MEMBER.writes, ...KEYS, ...DONE_AS_MEMBER },
  'projects.delete': { ...ADMIN.writes, ...ADMIN_KEY, ...DONE_AS_ADMIN },
} satisfies Record<ProductPath, Row>;

/** A valid input for each procedure, about things of its own. */
export const PRODUCT_INPUTS: { readonly [Path in ProductPath]: MakeInput<Path> } = {
  'projects.create': () => ({ name: freshName('Gemini') }),
  'projects.list': () => PAGE,
  'projects.get': async (stage) => ({ id: await makeProject(stage, stage.home) }),
  'projects.update': async (stage) => ({ id: await makeProject(stage, stage.home), name: freshName('Gemini') }),
  'projects.delete': async (stage) => ({ id: await makeProject(stage, stage.home) }),
};

/** The costs of procedures that do more than queries: hashing, scoring, a mail or a new tenant. */
export const PRODUCT_CALL_COSTS: Readonly<Partial<Record<ProductPath, readonly Cost[]>>> = {};

/** For each id that a procedure takes: which thing of another tenant is sent, and the expected answer. */
export const PRODUCT_FOREIGN = {
  'projects.list.cursor': ['project', 'own rows'],
  'projects.get.id': ['project', 'NOT_FOUND'],
  'projects.update.id': ['project', 'NOT_FOUND'],
  'projects.delete.id': ['project', 'NOT_FOUND'],
} as const satisfies Record<string, readonly [keyof Awaited<ReturnType<typeof makeProductThings>>, Answer]>;
