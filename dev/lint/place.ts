import type { ImportRefusal } from './refusals.ts';

/** The rooms, from the bottom of the staircase to its top. */
export const ROOMS = ['core', 'db', 'workflows', 'routers', 'src', 'client', 'test', 'dev', 'cli', 'bench'] as const;

export type Room = (typeof ROOMS)[number];

/** Files that have the same imports. Where two places have a file, the later one counts. */
export interface Place {
  /** Globs. None stands for whatever no other place has. */
  files: readonly string[];
  /** The rooms that it may import, itself among them, and what is said to who imports another one. */
  rooms?: { may: readonly Room[]; why: string };
  /** Whether it may import from a folder `owner`, which holds what needs the owner's connection. */
  owner?: true;
  /** Whether it may hold SQL. */
  sql?: true;
  /** What it may import the types of, and nothing else: rooms, or a folder by its name. */
  typesOf?: ({ rooms: readonly Room[] } | { folder: string }) & { why: string };
  /** Of these rooms it may import these files alone, less the exceptions among them. */
  doors?: { to: readonly Room[]; except?: readonly string[]; files: readonly string[]; why: string };
  /** All that it may import, where that is less than rooms. */
  only?: { modules: readonly string[]; why: string };
  /** Packages, and names of packages, that it may not import. */
  refuses?: readonly ImportRefusal[];
}
