import type { Backlog, Waiting } from '../core/metrics/worker.ts';
import type { Owner } from './owner.ts';

/** Reads what waits for the workers. Only the owner may look. */
export async function readBacklog(owner: Owner): Promise<Backlog> {
  const rows = await owner<(Waiting & { queue: keyof Backlog })[]>`
    select 'outbox' as queue, count(*)::int as rows,
      coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds
    from public.outbox
    union all
    select 'unsealed', count(*)::int, coalesce(extract(epoch from now() - min(created_at)), 0)::float8
    from public.audit_unsealed`;
  const of = (queue: keyof Backlog): Waiting => {
    const { rows: count = 0, seconds = 0 } = rows.find((row) => row.queue === queue) ?? {};
    return { rows: count, seconds };
  };
  return { outbox: of('outbox'), unsealed: of('unsealed') };
}
