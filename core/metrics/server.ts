import { Counter, Histogram, type Registry } from 'prom-client';
import type { Reason } from '../errors.ts';
import { createRegistry, readGauge } from './registry.ts';

/** The API that a request came through. */
export type Mount = 'trpc' | 'rest' | 'other';

/** The label of calls to unknown procedures, so that a caller can't create new series. */
export const UNKNOWN_PROCEDURE = 'unknown';

/** In seconds. A read takes some milliseconds, a login 0.1 s, and a wait for the pool up to 5 s. */
const CALL_BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The sources of the values that are read at each scrape. */
export interface ServerSources {
  version: string;
  pool: {
    stats(): { busy: number; waiting: number };
    readonly max: number;
    readonly tally: { readonly waits: number; readonly waitedMs: number; readonly refused: number };
  };
  hashes: { readonly running: number; readonly waiting: number };
  limiter: { readonly away: boolean; readonly fallbacks: number };
  streams: { readonly total: number };
  readiness: { database(): Promise<boolean>; readonly draining: boolean };
}

export interface ServerMetrics {
  readonly registry: Registry;
  /** Counts a call of a procedure. `procedure` is {@link UNKNOWN_PROCEDURE} if it does not exist. */
  countCall(call: { procedure: string; mount: Mount; outcome: 'ok' | 'cut' | Reason; milliseconds: number }): void;
  countRequest(request: { mount: Mount; status: number }): void;
  /** Counts a response that was cut, because its client disconnected or stopped reading. */
  countCut(request: { mount: Mount }): void;
}

/** Creates the metrics that the server serves at `/metrics`. */
export function createServerMetrics(sources: ServerSources): ServerMetrics {
  const { version, pool, hashes, limiter, streams, readiness } = sources;
  const registry = createRegistry(version);
  const registers = [registry];
  const requests = new Counter({
    name: 'atrium_http_requests_total',
    help: 'Responses, by mount and status.',
    labelNames: ['mount', 'status'],
    registers,
  });
  const cuts = new Counter({
    name: 'atrium_http_answers_cut_total',
    help: 'Responses that ended early because the client closed the connection or stopped reading.',
    labelNames: ['mount'],
    registers,
  });
  const calls = new Counter({
    name: 'atrium_calls_total',
    help: 'Calls of procedures, by mount and outcome: ok, cut, or the reason of the refusal.',
    labelNames: ['procedure', 'mount', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'atrium_call_duration_seconds',
    help: 'Duration of calls. For a stream: the time until it was open.',
    labelNames: ['procedure'],
    buckets: CALL_BUCKETS,
    registers,
  });

  readGauge(
    registry,
    'atrium_ready',
    '1 while this process can work: PostgreSQL answers, the lobby is migrated, and it is not shutting down.',
    async () => Number(!readiness.draining && (await readiness.database())),
  );
  readGauge(registry, 'atrium_pool_connections_max', 'Connections that the pool may open.', () => pool.max);
  readGauge(registry, 'atrium_pool_connections_busy', 'Connections in a transaction.', () => pool.stats().busy);
  readGauge(registry, 'atrium_pool_waiting', 'Callers waiting for a connection.', () => pool.stats().waiting);
  readCounter(registry, 'atrium_pool_waits_total', 'Callers who had to wait for a connection.', () => pool.tally.waits);
  readCounter(
    registry,
    'atrium_pool_wait_seconds_total',
    'Total time that callers waited for a connection.',
    () => pool.tally.waitedMs / 1000,
  );
  readCounter(
    registry,
    'atrium_pool_refused_total',
    'Callers that got no connection because the queue was full or the wait too long.',
    () => pool.tally.refused,
  );
  readGauge(registry, 'atrium_hashes_running', 'Passwords being hashed.', () => hashes.running);
  readGauge(registry, 'atrium_hashes_waiting', 'Passwords waiting to be hashed.', () => hashes.waiting);
  readGauge(
    registry,
    'atrium_limiter_away',
    '1 while this process counts rate limits itself, because RATE_LIMIT_URL does not answer.',
    () => Number(limiter.away),
  );
  readCounter(
    registry,
    'atrium_limiter_fallbacks_total',
    'How often this process began to count by itself because RATE_LIMIT_URL did not answer.',
    () => limiter.fallbacks,
  );
  readGauge(registry, 'atrium_streams_open', 'Open streams.', () => streams.total);

  return {
    registry,
    countCall({ procedure, mount, outcome, milliseconds }) {
      calls.inc({ procedure, mount, outcome });
      durations.observe({ procedure }, milliseconds / 1000);
    },
    countRequest: ({ mount, status }) => requests.inc({ mount, status }),
    countCut: ({ mount }) => cuts.inc({ mount }),
  };
}

/** Registers a counter whose value is read at each scrape. */
function readCounter(registry: Registry, name: string, help: string, read: () => number): void {
  const counter: Counter = new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      counter.reset();
      counter.inc(read());
    },
  });
}
