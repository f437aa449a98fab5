import { defaultPayloadConverter } from '@temporalio/client';
import type { ActivityExecuteInput, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Log } from '../../core/log/log.ts';
import { RecipientRefused, type Mailer } from '../../core/mail/mailer.ts';
import { BatchError } from '../../db/connection/batch.ts';
import type { WorkerMetrics } from '../../core/metrics/worker.ts';
import { inSpan, SpanKind, traceIdOf } from '../../core/tracing/span.ts';
import { parseTraceparent } from '../../core/tracing/traceparent.ts';
import type { CARRIED } from '../contract.ts';

/** The outcome of a provisioning, by the activity that ends it. */
const PROVISIONED: Readonly<Record<string, 'ready' | 'failed'>> = { openTenant: 'ready', markFailed: 'failed' };

interface Observer {
  log: Log;
  metrics: WorkerMetrics;
}

interface FailureObserver {
  log: Log;
  metrics: Pick<WorkerMetrics, 'countBatchFailures'>;
}

/** Records each attempt of an activity: a log line, the metrics, and a span in the trace of the request that caused it. */
export function observeActivities({ log, metrics }: Observer): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute: ({ headers, ...input }, next) => {
        const { activityType: activity, attempt, workflowExecution } = info;
        const ids = { workflowId: workflowExecution?.workflowId, runId: workflowExecution?.runId };
        const above = parseTraceparent(carried(headers, 'traceparent'));
        const attributes = { 'temporal.activity': activity, 'temporal.attempt': attempt, ...named(ids) };
        return inSpan(`activity ${activity}`, { kind: SpanKind.CONSUMER, above, attributes }, async (span) => {
          const start = performance.now();
          let outcome: 'ok' | 'failed' = 'failed';
          try {
            const result = await next({ headers, ...input });
            outcome = 'ok';
            return result;
          } catch (error) {
            if (error instanceof BatchError) tellFailures(error, { log, metrics });
            throw error;
          } finally {
            const milliseconds = performance.now() - start;
            const askedAt = timeOf(carried(headers, 'outboxId'));
            const end = outcome === 'ok' ? PROVISIONED[activity] : undefined;
            metrics.countActivity({ activity, outcome, milliseconds });
            if (end && askedAt !== undefined) {
              metrics.countProvisioning({ outcome: end, milliseconds: Math.max(0, Date.now() - askedAt) });
            }
            log.info(
              {
                activity,
                attempt,
                tenantId: tenantOf(input.args),
                ms: Math.round(milliseconds * 10) / 10,
                outcome,
                ...ids,
                traceId: traceIdOf(span) ?? above?.traceId,
              },
              'activity',
            );
          }
        });
      },
    },
  });
}

/** Wraps a mailer so that each attempt to send is counted. */
export function observeMailer(mailer: Mailer, metrics: Pick<WorkerMetrics, 'countMail'>): Mailer {
  return {
    async send(mail) {
      try {
        await mailer.send(mail);
        metrics.countMail('sent');
      } catch (error) {
        metrics.countMail(error instanceof RecipientRefused ? 'refused' : 'failed');
        throw error;
      }
    },
    close: () => mailer.close(),
  };
}

/** Logs and counts each failed job of a batch, with its tenant. Temporal only stores the summary. */
export function tellFailures({ batch, failures }: BatchError, { log, metrics }: FailureObserver): void {
  metrics.countBatchFailures(batch, failures.length);
  for (const { item, tenantId, error: err } of failures) {
    log.error({ err, batch, item, tenantId }, 'one of a batch failed; the others were done');
  }
}

function named({ workflowId, runId }: { workflowId: string | undefined; runId: string | undefined }) {
  return {
    ...(workflowId !== undefined && { 'temporal.workflow_id': workflowId }),
    ...(runId !== undefined && { 'temporal.run_id': runId }),
  };
}

function carried(headers: ActivityExecuteInput['headers'], key: (typeof CARRIED)[number]): string | undefined {
  const payload = headers[key];
  const value: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return typeof value === 'string' ? value : undefined;
}

/** @returns when a UUIDv7 was created, in ms since 1970 */
function timeOf(id: string | undefined): number | undefined {
  const milliseconds = Number.parseInt(id?.replaceAll('-', '').slice(0, 12) ?? '', 16);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function tenantOf([first]: readonly unknown[]): string | undefined {
  const id: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'tenantId') : undefined;
  return typeof id === 'string' ? id : undefined;
}
