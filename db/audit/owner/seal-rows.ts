import { endMatches, macOfEnd, macOfRow, sealOf, type ChainEnd, type Link } from '../../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import type { AuditClock } from './transaction-clock.ts';
import { canonicalRow, isoOf } from '../canonical-row.ts';
import { tryEach, type JobFailure } from '../../connection/batch.ts';
import { postgresError } from '../../connection/errors.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/** Further than any log comes: 2 to the 52nd. */
const FAR = 4_503_599_627_370_496;
/** Rows read at once: some 100 ms of work, which is lost to whoever was faster. */
const BATCH = 1_000;
/** Logs of which rows are read at once. */
const LOGS = 250;
/** Bytes of rows read at once, beside one row for each log: PostgreSQL's and the worker's memory bear several of these. */
const BYTES = 8 * 1024 * 1024;

/**
 * The last place that is taken in a chain, as a number, beside its row `c` if it has one. Places of no honest chain are passed
 * over: somebody has put them there to leave none behind them.
 * @param chain the chain's id, in SQL
 */
function lastPlace(chain: string): string {
  return `greatest(0, case when c.sequence < ${FAR} then c.sequence end, (
    select max(s.sequence) from public.audit_seals s where s.chain = ${chain} and s.sequence < ${FAR}))::float8`;
}

interface SealedRows {
  /** Rows that were found waiting. */
  waiting: number;
  sealed: number;
  full: boolean;
  /** Chains that could not be sealed, where each was tried by itself. */
  failures: readonly JobFailure[];
  /** Rows that claim to be older than they are. */
  backdated: readonly { chain: string; auditId: string }[];
  /** Whose turn was last. */
  last: string | undefined;
}

/** A row that waits, and where its chain ends. */
interface Waiting {
  chain: string;
  auditId: string;
  createdAt: string;
  sealedAt: string;
  /** `null` where the row is gone before it could be sealed. */
  text: string | null;
  endSequence: number;
  endSeal: Buffer | null;
  endId: string | null;
  endMac: Buffer | null;
  /** Whether it has a seal, which then is none of ours. */
  taken: boolean;
  /** Of the transaction that wrote it; `null` as for `text`. */
  xid: string | null;
  nextXid: string;
}

/** A row that waits, and whether its time is a lie. */
type Judged = Waiting & { backdated: boolean };

/**
 * Seals rows that were committed and not sealed yet, each in the chain of its log and there oldest first. Logs take turns: each
 * of those that wait has an equal share of a round, however many rows it has. Nothing is locked while
 * it works: a place in a chain is taken once, so of many who seal at once one is first, and the others have done nothing.
 * What is written is written by one statement: all of it or, after a crash, none.
 * @param options.apart reads and seals each log by statements of its own, so that one that can't be read or sealed does not
 *   stop the others
 * @param options.except the chains to leave alone
 * @param options.after whose turn was last, from the answer before
 * @param options.clock knows rows that were dated back: they are sealed as rows that nothing matches, so that verifying names them
 * @returns how many were sealed; when it is `full`, there are likely more
 */
export async function sealAuditRows(
  owner: Owner,
  keys: SecretKeys,
  {
    apart = false,
    except = [],
    after,
    clock,
  }: { apart?: boolean; except?: readonly string[]; after?: string | undefined; clock?: AuditClock } = {},
): Promise<SealedRows> {
  await clock?.read(owner);
  const { chains, more } = await turnsAfter(owner, except, after);
  const round = { waiting: 0, sealed: 0, full: more, failures: [], backdated: [], last: chains.at(-1) };
  if (chains.length === 0) return round;
  const share = Math.ceil(BATCH / chains.length);
  if (!apart) {
    const part = await sealChains(owner, keys, { chains, share, clock });
    const sealed = part.outcome === 'sealed' ? part.waiting : 0;
    return { ...round, ...part, sealed, full: (part.full || more) && sealed > 0 };
  }
  const parts: (Part & { sealed: number })[] = [];
  const failures = await tryEach(
    chains.map((chain) => ({
      item: chain,
      tenantId: chain,
      async work() {
        const part = await sealChains(owner, keys, { chains: [chain], share, clock });
        parts.push({ ...part, sealed: part.outcome === 'sealed' ? part.waiting : 0 });
        if (part.outcome === 'taken') {
          throw new Error('A seal that is none of ours stands in the next place of the chain');
        }
      },
    })),
  );
  const total = (of: 'waiting' | 'sealed') => parts.reduce((sum, part) => sum + part[of], 0);
  return {
    ...round,
    // A log that could not be read has rows that wait, too.
    waiting: Math.max(total('waiting'), failures.length),
    sealed: total('sealed'),
    full: more || parts.some(({ full }) => full),
    failures,
    backdated: parts.flatMap(({ backdated }) => backdated),
  };
}

/** The logs that have rows waiting, in the order of ids from `after` on. Steps from one to the next by the index. */
async function turnsAfter(
  owner: Owner,
  except: readonly string[],
  after: string | undefined,
): Promise<{ chains: string[]; more: boolean }> {
  const rows = await owner<{ chain: string }[]>`
    with recursive turns (chain) as (
      (select chain from public.audit_unsealed order by chain limit 1)
      union all
      select (select u.chain from public.audit_unsealed u where u.chain > turns.chain order by u.chain limit 1)
      from turns where turns.chain is not null)
    select chain from turns where chain is not null and chain <> all(${[...except]}::uuid[])
    order by chain <= ${after ?? null}::uuid, chain limit ${LOGS + 1}`;
  return { chains: rows.slice(0, LOGS).map(({ chain }) => chain), more: rows.length > LOGS };
}

/** What became of some logs. */
interface Part extends Pick<SealedRows, 'waiting' | 'full' | 'backdated'> {
  outcome: 'sealed' | 'moved' | 'taken';
}

/** Reads the oldest rows of each log that wait, at most `share` of each, and seals them by one statement. */
async function sealChains(
  owner: Owner,
  keys: SecretKeys,
  { chains, share, clock }: { chains: readonly string[]; share: number; clock: AuditClock | undefined },
): Promise<Part> {
  const found = await owner<(Waiting & { full: boolean })[]>`
    with turn as materialized (
      select u.*, u.place = ${share} as last
      from unnest(${[...chains]}::uuid[]) as t (chain)
      cross join lateral (
        select *, row_number() over (order by created_at, audit_id) as place
        from (select * from public.audit_unsealed
          where chain = t.chain order by created_at, audit_id limit ${share}) one) u
    ), sized as materialized (
      select turn.*, coalesce(octet_length(a.changes::text), 0) + coalesce(octet_length(a.user_agent), 0)
        + coalesce(octet_length(a.entity_id), 0) + coalesce(octet_length(a.entity_type), 0) + 500 as bytes
      from turn left join public.audit_logs a on a.id = turn.audit_id and a.created_at = turn.created_at
    ), summed as (
      -- In rounds of one row a log, so that large rows of one do not take the places of the others.
      select *, sum(bytes) over (order by place, chain) as total from sized
    ), u as materialized (
      select * from summed where place = 1 or total <= ${BYTES}
    )
    select u.chain, u.audit_id as "auditId", ${owner.unsafe(isoOf('u.created_at'))} as "createdAt",
      ${owner.unsafe(isoOf("date_trunc('milliseconds', now())"))} as "sealedAt",
      case when a.id is not null then ${owner.unsafe(canonicalRow('a'))} end as text,
      c.seal as "endSeal", c.audit_id as "endId", c.end_mac as "endMac",
      ${owner.unsafe(lastPlace('u.chain'))} as "endSequence",
      exists (select from public.audit_seals s where s.audit_id = u.audit_id and s.audit_created_at = u.created_at) as taken,
      a.xmin::text as xid, pg_snapshot_xmax(pg_current_snapshot())::text as "nextXid",
      (select bool_or(last) or count(*) > (select count(*) from u) from summed) as full
    from u
    left join public.audit_logs a on a.id = u.audit_id and a.created_at = u.created_at
    left join public.audit_chains c on c.chain = u.chain
    -- Chain by chain: many who write at once then wait for each other in one direction.
    order by u.chain, u.created_at, u.audit_id`;
  const [first] = found;
  if (!first) return { waiting: 0, full: false, backdated: [], outcome: 'sealed' };
  const waiting = found.map((row) => Object.assign(row, { backdated: clock?.isBackdated(row) === true }));
  const backdated = waiting.filter((row) => row.backdated).map(({ chain, auditId }) => ({ chain, auditId }));
  return { waiting: waiting.length, full: first.full, backdated, outcome: await tryAppend(owner, keys, waiting) };
}

/** @returns `moved` where another sealer was first, `taken` where a seal stands in the place of one of these */
async function tryAppend(
  owner: Owner,
  keys: SecretKeys,
  waiting: readonly Judged[],
): Promise<'sealed' | 'moved' | 'taken'> {
  try {
    return (await append(owner, waiting, link(keys, waiting))) ? 'sealed' : 'moved';
  } catch (error) {
    const { code, constraint_name: constraint } = postgresError(error) ?? {};
    if (code === '23505' && constraint?.startsWith('audit_seals_')) return 'taken';
    throw error;
  }
}

type Sealed = Link & { seal: Buffer };
/** @param before the signature of the end that it takes the place of; `null` for a chain that begins */
type SignedEnd = ChainEnd & { mac: Buffer; before: Buffer | null };

/** What somebody has put in the way of the chain stays there, for verifying to find: no log waits for another to be mended. */
function link(keys: SecretKeys, waiting: readonly Judged[]): { links: Sealed[]; ends: SignedEnd[] } {
  const ends = new Map<string, ChainEnd & { before: Buffer | null }>();
  const links = waiting.flatMap((row): Sealed[] => {
    const { chain, auditId, createdAt, sealedAt, text, taken, backdated } = row;
    if (taken) return [];
    const end = ends.get(chain) ?? endOf(keys, row);
    // A row that somebody took away before it was sealed, or dated back: sealed as one that nothing matches, so that
    // verifying names it.
    const rowMac = macOfRow(keys, backdated ? '' : (text ?? ''));
    const unsealed = { chain, sequence: end.sequence + 1, auditId, auditCreatedAt: createdAt, sealedAt, rowMac };
    const seal = sealOf(keys, unsealed, end.seal);
    ends.set(chain, { chain, sequence: unsealed.sequence, auditId, seal, before: row.endMac });
    return [{ ...unsealed, seal }];
  });
  return { links, ends: Array.from(ends.values(), (end) => ({ ...end, mac: macOfEnd(keys, end) })) };
}

/**
 * Where a chain goes on. After an end that is not as it was signed one place stays empty, or the next end would vouch for
 * it: so verifying names what comes then.
 */
function endOf(keys: SecretKeys, { chain, endSequence: sequence, endSeal: seal, endId, endMac }: Waiting) {
  const whole =
    seal && endId && endMac ? endMatches(keys, { chain, sequence, auditId: endId, seal }, endMac) : sequence === 0;
  return { sequence: whole ? sequence : sequence + 1, seal };
}

/**
 * Writes by one statement, which holds the ends first. Bytes and times travel as texts: arrays of them have no one form.
 * @returns whether it did: not where a chain does not end any more where it was read to
 */
async function append(
  owner: Owner,
  waiting: readonly Waiting[],
  { links, ends }: { links: readonly Sealed[]; ends: readonly SignedEnd[] },
): Promise<boolean> {
  const [outcome] = await owner<{ moved: boolean }[]>`
    with bound as (
      select chain, sequence, audit_id, decode(seal, 'hex') as seal, decode(mac, 'hex') as mac, decode(before, 'hex') as before
      from unnest(${ends.map(({ chain }) => chain)}::uuid[], ${ends.map(({ sequence }) => sequence)}::bigint[],
        ${ends.map(({ auditId }) => auditId)}::uuid[], ${ends.map(({ seal }) => hex(seal))}::text[],
        ${ends.map((end) => hex(end.mac))}::text[], ${ends.map(({ before }) => before && hex(before))}::text[])
        as e (chain, sequence, audit_id, seal, mac, before)
    ), held as materialized (
      select chain, end_mac from public.audit_chains where chain in (select chain from bound) order by chain for update
    ), stale as materialized (
      select from bound left join held using (chain) where held.end_mac is distinct from bound.before
    ), sealed as (
      insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal, created_at)
      select chain, sequence, audit_id, audit_created_at, decode(row_mac, 'hex'), decode(seal, 'hex'), sealed_at
      from unnest(${links.map(({ chain }) => chain)}::uuid[], ${links.map(({ sequence }) => sequence)}::bigint[],
        ${links.map(({ auditId }) => auditId)}::uuid[], ${links.map((one) => one.auditCreatedAt)}::text[]::timestamptz[],
        ${links.map(({ rowMac }) => hex(rowMac))}::text[], ${links.map(({ seal }) => hex(seal))}::text[],
        ${links.map(({ sealedAt }) => sealedAt)}::text[]::timestamptz[])
        as l (chain, sequence, audit_id, audit_created_at, row_mac, seal, sealed_at)
      where not exists (select from stale)
    ), done as (
      delete from public.audit_unsealed u
      using unnest(${waiting.map(({ auditId }) => auditId)}::uuid[], ${waiting.map((row) => row.createdAt)}::text[]::timestamptz[])
        as w (audit_id, created_at)
      where u.audit_id = w.audit_id and u.created_at = w.created_at and not exists (select from stale)
    ), written as (
      insert into public.audit_chains (chain, sequence, audit_id, seal, end_mac)
      select chain, sequence, audit_id, seal, mac from bound where not exists (select from stale)
      on conflict (chain) do update
      set sequence = excluded.sequence, audit_id = excluded.audit_id, seal = excluded.seal, end_mac = excluded.end_mac
    )
    select exists (select from stale) as moved`;
  return outcome?.moved === false;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
