/** The guards that can be taken out: for each, the modules to replace and their replacements. */
export const GUARDS = {
  limiter: { 'routers/procedures/limits.ts': 'limits.ts' },
  audit: { 'db/audit/write.ts': 'audit.ts' },
  'log line and metrics': {
    'src/middleware/request-log.ts': 'request-log.ts',
    'routers/procedures/recorded.ts': 'recorded.ts',
  },
  traces: { 'core/tracing/span.ts': 'span.ts' },
  headers: { 'src/middleware/headers.ts': 'headers.ts' },
} as const satisfies Record<string, Record<string, string>>;

export type Guard = keyof typeof GUARDS;

export function isGuard(name: string): name is Guard {
  return Object.hasOwn(GUARDS, name);
}
