/** What the worker does for many tenants or logs at once, as its log and its metrics name it. */
export const BATCHES = ['reap', 'audit_months', 'audit_chains', 'audit_seals'] as const;
export type Batch = (typeof BATCHES)[number];
