import type { Backlog, Waiting } from '../../../core/metrics/worker.ts';
import type { Owner } from '../../connection/owner/connect.ts';

interface Row extends Waiting {
  queue: 'outbox' | 'unsealed';
  setAside: number;
  unknownKind: number;
}

/**
 * Reads the rows that wait for workers. It needs the owner, since no other role may read all rows.
 * @param kinds the kinds of outbox rows that this worker knows
 */
export async function readBacklog(owner: Owner, kinds: readonly string[]): Promise<Backlog> {
  const rows = await owner<Row[]>`
    select 'outbox' as queue, count(*) filter (where waits and known)::int as rows,
      coalesce(extract(epoch from now() - min(created_at) filter (where waits and known)), 0)::float8 as seconds,
      count(*) filter (where not waits)::int as "setAside", count(*) filter (where waits and not known)::int as "unknownKind"
    from (select created_at, set_aside_at is null as waits, kind in ${owner(kinds)} as known from public.outbox) o
    union all
    select 'unsealed', count(*)::int, coalesce(extract(epoch from now() - min(created_at)), 0)::float8, 0, 0
    from public.audit_unsealed`;
  const of = (queue: Row['queue']): Omit<Row, 'queue'> =>
    rows.find((row) => row.queue === queue) ?? { rows: 0, seconds: 0, setAside: 0, unknownKind: 0 };
  const { setAside, unknownKind, ...outbox } = of('outbox');
  return { outbox, unsealed: of('unsealed'), setAside, unknownKind };
}
