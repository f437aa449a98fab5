import type { ImportRefusal } from './refusals.ts';

/** The top-level folders. */
export const LAYERS = ['core', 'db', 'workflows', 'routers', 'src', 'client', 'test', 'dev', 'cli', 'bench'] as const;

export type Layer = (typeof LAYERS)[number];

/** Files with the same import rules. If two places match a file, the later one applies. */
export interface Place {
  /** Globs. An empty list matches all files that no other place matches. */
  files: readonly string[];
  /** The layers that it may import, including its own. `why` is the message for an import of another layer. */
  layers?: { may: readonly Layer[]; why: string };
  /** Whether it may import from a folder `owner`, whose code needs the owner's connection. */
  owner?: true;
  /** Whether it may contain SQL. */
  sql?: true;
  /** Layers, or a folder by its name, of which it may import types only. */
  typesOf?: ({ layers: readonly Layer[] } | { folder: string }) & { why: string };
  /** It may import only `files` of the layers `to`. Imports of `except` are refused all the same. */
  doors?: { to: readonly Layer[]; except?: readonly string[]; files: readonly string[]; why: string };
  /** The only modules that it may import. Without it, whole layers may be imported. */
  only?: { modules: readonly string[]; why: string };
  /** Packages, and single exports of packages, that it may not import. */
  refuses?: readonly ImportRefusal[];
}
