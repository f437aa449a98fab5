/** The batches of the worker, each over many tenants or audit logs, as the log and the metrics name them. */
export const BATCHES = ['reap', 'audit_months', 'audit_chains', 'audit_seals'] as const;
export type Batch = (typeof BATCHES)[number];
