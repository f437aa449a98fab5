import type { AnyTRPCProcedure, inferRouterInputs } from '@trpc/server';
import { z } from 'zod';
import { appRouter, type AppRouter } from '../../routers/index.ts';
import type { productRouters } from '../../routers/product/index.ts';
import { restProcedures } from '../../src/rest/mount.ts';

type Inputs = inferRouterInputs<AppRouter>;

/** `noun.verb` of each procedure of the router. */
export type ProcedurePath = { [Noun in keyof Inputs]: `${Noun}.${keyof Inputs[Noun] & string}` }[keyof Inputs];

/** `noun.verb` of each procedure of the product. */
export type ProductPath = Extract<ProcedurePath, `${keyof typeof productRouters}.${string}`>;

export type InputOf<Path extends ProcedurePath> = Path extends `${infer Noun extends keyof Inputs}.${infer Verb}`
  ? Verb extends keyof Inputs[Noun]
    ? Inputs[Noun][Verb]
    : never
  : never;

export interface Procedure {
  path: string;
  type: AnyTRPCProcedure['_def']['type'];
  /** Its REST call; undefined if it has none. */
  rest: { method: string; path: string } | undefined;
  input: z.ZodType | undefined;
  output: z.ZodType | undefined;
  /** The action in its audit rows. */
  action: string;
}

const named = z.object({ audit: z.object({ action: z.string() }) });

/** @returns every procedure of the router */
export function procedures(): Procedure[] {
  const twins = new Map(restProcedures().map(({ path, meta }) => [path, meta.openapi]));
  const { procedures: flat }: { procedures: object } = appRouter._def;
  return Object.entries(flat).map(([path, procedure]: [string, unknown]) => {
    if (!isProcedure(procedure)) throw new Error(`${path} is no procedure`);
    const { _def } = procedure;
    const inputs: unknown[] = 'inputs' in _def && Array.isArray(_def.inputs) ? _def.inputs : [];
    const input = inputs.find((parser) => parser instanceof z.ZodType);
    const output = 'output' in _def && _def.output instanceof z.ZodType ? _def.output : undefined;
    const { action } = named.parse(_def.meta).audit;
    return { path, type: _def.type, rest: twins.get(path), input, output, action };
  });
}

function isProcedure(value: unknown): value is AnyTRPCProcedure {
  return typeof value === 'function' && '_def' in value;
}
