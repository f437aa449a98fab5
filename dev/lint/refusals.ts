// Refusals that several places share. A pattern matches the module as the import writes it, which is a relative path.

/** One refusal of `no-restricted-imports`. */
export interface ImportRefusal {
  regex?: string;
  /** Patterns as in .gitignore: a later `!` allows a module. */
  group?: readonly string[];
  importNames?: readonly string[];
  allowTypeImports?: boolean;
  message: string;
}

/** One refusal of `no-restricted-properties`. */
export interface PropertyRefusal {
  object?: string;
  property: string;
  allowObjects?: readonly string[];
  message: string;
}

/** Imports that are refused in every layer. */
export const EVERYWHERE: readonly ImportRefusal[] = [
  { regex: '[^./][^/]*/\\.\\.(/|$)', message: 'Write the shortest path, so that it shows the layer.' },
  { regex: '^atrium(/|$)', message: 'Inside this repository, import by path.' },
  { regex: '^(node:)?process$', message: 'Settings are passed in; entries use the global `process`.' },
  { regex: '^bun$', importNames: ['env'], message: 'Settings are passed in.' },
];

export const TRANSPORT: ImportRefusal = {
  regex: '^(hono|@hono|@trpc|trpc-to-openapi)(/|$)',
  message: 'This layer uses no HTTP and no tRPC.',
};

/** Keeps the owner's connection out of the server. */
export const OWNER: ImportRefusal = {
  regex: '(^|/)owner/',
  message:
    'A folder `owner` is for workers, commands and tools: the server and what it imports never act as the owner.',
};

export const DRIVER: ImportRefusal = { regex: '^postgres$', message: 'Connections and SQL live in db/.' };

/** For code that runs in the worker, on Node. */
export const ON_NODE: readonly ImportRefusal[] = [
  TRANSPORT,
  { regex: '^(bun|bun:.*)(/|$)', message: 'workflows/ runs on Node.' },
  DRIVER,
];

const SQL = 'All SQL lives in db/: call a function of db/<noun>/, or add one.';

/** Drizzle's tag that turns text into SQL. */
export const SQL_TAG: ImportRefusal = { regex: '^drizzle-orm$', importNames: ['sql'], message: SQL };

const STATEMENTS: readonly PropertyRefusal[] = [
  { property: 'unsafe', message: SQL },
  { property: 'execute', message: SQL },
];

/** Properties that turn text into SQL. */
export const RAW_SQL: readonly PropertyRefusal[] = [
  { property: 'raw', allowObjects: ['String'], message: SQL },
  ...STATEMENTS,
];

/** The same for files in which other objects have a property `raw`, such as a request of Hono. */
export const RAW_SQL_BY_NAME: readonly PropertyRefusal[] = [
  { object: 'sql', property: 'raw', message: SQL },
  ...STATEMENTS,
];

/** Properties that read the environment. */
export const ENVIRONMENT: readonly PropertyRefusal[] = [
  { object: 'process', property: 'env', message: 'Settings are passed in; entries read them.' },
  { object: 'globalThis', property: 'process', message: 'Settings are passed in; entries read them.' },
  { object: 'Bun', property: 'env', message: 'Settings are passed in; entries read them.' },
  { object: 'globalThis', property: 'Bun', message: 'Settings are passed in; entries read them.' },
];
