import type { BlockList } from 'node:net';
import { callTRPCProcedure } from '@trpc/server';
import type { Handler } from 'hono';
import { auditExportRouter, exportInput } from '../../routers/audit/export.ts';
import type { Context, Services } from '../../routers/procedures/context.ts';
import { reasonOf } from '../../routers/procedures/errors.ts';
import { decodeQuery } from './query.ts';
import { rateLimitHeaders } from '../middleware/rate-limit-headers.ts';
import { correctOutcome, factsOf, type AppEnv } from '../middleware/request.ts';
import { problemOf } from './mount.ts';

export const EXPORT_PATH = '/audit/export';
export const EXPORT_TYPE = 'application/x-ndjson';

const PROCEDURE = 'audit.export';

/** Streams the audit log as NDJSON, one line for each row. It reads no faster than the client receives. */
export function auditExport(services: Services, trustedProxies: BlockList): Handler<AppEnv> {
  const decode = decodeQuery(exportInput);
  return async function exportAudit(c) {
    const request = factsOf(c, trustedProxies);
    const ctx: Context = { ...services, request };
    try {
      const batches: unknown = await callTRPCProcedure({
        router: auditExportRouter,
        path: PROCEDURE,
        type: 'query',
        ctx,
        getRawInput: () => Promise.resolve(decode(c.req.queries())),
        signal: c.req.raw.signal,
        batchIndex: 0,
      });
      if (!isIterable(batches)) throw new Error(`${PROCEDURE} gave nothing to stream`);
      const onError = (error: unknown): void => {
        services.log.warn({ err: error, requestId: request.id }, 'an export was aborted');
        correctOutcome(request, PROCEDURE, reasonOf(error));
      };
      return new Response(linesOf(batches, onError), {
        headers: {
          'Content-Type': EXPORT_TYPE,
          'Content-Disposition': 'attachment; filename="audit.ndjson"',
          ...rateLimitHeaders(request.counts),
        },
      });
    } catch (error) {
      return problemOf(ctx, PROCEDURE, error);
    }
  };
}

function isIterable(value: unknown): value is AsyncIterable<unknown[]> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** An error aborts the connection, so that the client does not take a part of the log for the whole. */
function linesOf(batches: AsyncIterable<unknown[]>, onError: (error: unknown) => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = batches[Symbol.asyncIterator]();
  let left = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (left) return;
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value.map((item) => `${JSON.stringify(item)}\n`).join('')));
      } catch (error) {
        if (left) return;
        onError(error);
        controller.error(error);
      }
    },
    async cancel() {
      left = true;
      await iterator.return?.();
    },
  });
}
