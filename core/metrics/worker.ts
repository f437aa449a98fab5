import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { BATCHES, type Batch } from './batches.ts';
import { createRegistry } from './registry.ts';

/** The kinds of tasks that a worker has slots for. */
export const TASKS = ['workflow', 'activity', 'local_activity'] as const;
export type Task = (typeof TASKS)[number];

/** How many rows wait, and the age of the oldest in seconds; 0 if there is none. */
export interface Waiting {
  rows: number;
  seconds: number;
}

/** The rows that wait for workers. */
export interface Backlog {
  /** Rows that a worker can relay. */
  outbox: Waiting;
  /** Outbox rows that no worker can relay, and that wait for an operator. */
  setAside: number;
  /** Outbox rows that wait for a newer worker. */
  unknownKind: number;
  /** Audit rows that wait for their seal. */
  unsealed: Waiting;
}

export interface WorkerSources {
  version: string;
  /** The number of slots. */
  slots: Readonly<Record<Task, number>>;
  /** How many slots are taken now. */
  slotsTaken: () => Record<Task, number>;
  /** @returns `undefined` while the database can't be read */
  backlog: () => Promise<Backlog | undefined>;
}

/** The outcome of one try to send a mail. `failed` is retried. `refused` is not, since the recipient was refused. */
const MAIL_OUTCOMES = ['sent', 'failed', 'refused'] as const;
type MailOutcome = (typeof MAIL_OUTCOMES)[number];

export interface WorkerMetrics {
  readonly registry: Registry;
  countActivity(activity: { activity: string; outcome: 'ok' | 'failed'; milliseconds: number }): void;
  /** Counts the tenants, logs or steps that failed in one run of a batch. */
  countBatchFailures(batch: Batch, failures: number): void;
  /** @param milliseconds since the tenant was requested */
  countProvisioning(provisioning: { outcome: 'ready' | 'failed'; milliseconds: number }): void;
  countMail(outcome: MailOutcome): void;
}

// Buckets are in seconds.
const ACTIVITY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PROVISIONING_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** Creates the metrics that the worker serves at `/metrics`. */
export function createWorkerMetrics({ version, slots, slotsTaken, backlog }: WorkerSources): WorkerMetrics {
  const registry = createRegistry(version);
  const registers = [registry];
  const activities = new Counter({
    name: 'atrium_activities_total',
    help: 'Attempts of activities, by outcome.',
    labelNames: ['activity', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'atrium_activity_duration_seconds',
    help: 'Duration of an attempt of an activity.',
    labelNames: ['activity'],
    buckets: ACTIVITY_BUCKETS,
    registers,
  });
  const batchFailures = new Counter({
    name: 'atrium_batch_failures_total',
    help: 'Tenants, logs or steps that failed in a batch whose others were done, by batch.',
    labelNames: ['batch'],
    registers,
  });
  for (const batch of BATCHES) batchFailures.inc({ batch }, 0);
  const provisionings = new Histogram({
    name: 'atrium_provisioning_duration_seconds',
    help: 'Time from the request for a tenant until it was ready, or until its failed provisioning was undone.',
    labelNames: ['outcome'],
    buckets: PROVISIONING_BUCKETS,
    registers,
  });
  // Prometheus can compute the rate of a series only after the series exists.
  for (const outcome of ['ready', 'failed']) provisionings.zero({ outcome });

  const mails = new Counter({
    name: 'atrium_mails_total',
    help: 'Attempts to send a mail to the mail server, by outcome. A failed mail is retried.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of MAIL_OUTCOMES) mails.inc({ outcome }, 0);

  /** Registers a gauge of the backlog. While the backlog is unknown the gauge has no value, which an alert can detect. */
  function addBacklogGauge(name: string, help: string, pick: (waiting: Backlog) => number): void {
    const gauge = new Gauge({
      name,
      help,
      registers,
      async collect() {
        const waiting = await backlog();
        if (waiting) gauge.set(pick(waiting));
        else gauge.remove();
      },
    });
  }
  addBacklogGauge('atrium_outbox_lag_seconds', 'Age of the oldest row in the outbox.', ({ outbox }) => outbox.seconds);
  addBacklogGauge('atrium_outbox_rows', 'Rows that wait in the outbox.', ({ outbox }) => outbox.rows);
  addBacklogGauge('atrium_outbox_set_aside', 'Outbox rows that wait for an operator.', ({ setAside }) => setAside);
  addBacklogGauge(
    'atrium_outbox_unknown_kind',
    'Outbox rows of a kind that this worker does not know.',
    ({ unknownKind }) => unknownKind,
  );
  addBacklogGauge(
    'atrium_audit_unsealed_seconds',
    'Age of the oldest audit row that waits for its seal.',
    ({ unsealed }) => unsealed.seconds,
  );
  addBacklogGauge(
    'atrium_audit_unsealed_rows',
    'Audit rows that wait for their seal.',
    ({ unsealed }) => unsealed.rows,
  );
  const takenGauge = new Gauge({
    name: 'atrium_task_slots_taken',
    help: 'Tasks in progress, by kind.',
    labelNames: ['task'],
    registers,
    collect() {
      const now = slotsTaken();
      for (const task of TASKS) takenGauge.set({ task }, now[task]);
    },
  });
  const slotsGauge = new Gauge({
    name: 'atrium_task_slots',
    help: 'Tasks that this worker runs at most at the same time, by kind.',
    labelNames: ['task'],
    registers,
  });
  for (const task of TASKS) slotsGauge.set({ task }, slots[task]);

  return {
    registry,
    countActivity({ activity, outcome, milliseconds }) {
      activities.inc({ activity, outcome });
      durations.observe({ activity }, milliseconds / 1000);
    },
    countBatchFailures: (batch, failures) => batchFailures.inc({ batch }, failures),
    countProvisioning: ({ outcome, milliseconds }) => provisionings.observe({ outcome }, milliseconds / 1000),
    countMail: (outcome) => mails.inc({ outcome }),
  };
}
