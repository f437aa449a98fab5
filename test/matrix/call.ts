import { STATUS_OF_REASON } from '../../core/errors.ts';
import type { Mount } from '../support/mounts.ts';
import { at, reasonOf, rest, trpc, type Answer, type Call } from '../support/rest.ts';
import type { Procedure } from './procedures.ts';

/** @returns the mounts of a procedure: both, except for streams */
export function mountsOf({ type, rest: twin }: Procedure): Mount[] {
  return type === 'subscription' && !twin ? ['tRPC'] : ['tRPC', 'REST'];
}

/** Calls a procedure with the method that the router declares. */
export async function callProcedure(
  mount: Mount,
  url: string,
  { path, type, rest: twin }: Procedure,
  call: Omit<Call, 'body'> & { input: object | undefined },
): Promise<Answer> {
  const { input, ...others } = call;
  if (mount === 'tRPC') {
    if (type === 'subscription') return await stream(url, path, call);
    // The same header as tRPC's client sends, with and without an input.
    const headers = { ...others.headers, ...(type === 'mutation' && { 'content-type': 'application/json' }) };
    return await trpc(url, type, path, { ...others, headers, ...(input && { body: input }) });
  }
  if (!twin) throw new Error(`${path} has no REST twin`);
  const fields = new Map<string, unknown>(Object.entries(input ?? {}));
  const filled = twin.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    return encodeURIComponent(String(value));
  });
  if (twin.method !== 'GET' && twin.method !== 'DELETE') {
    return await rest(url, twin.method, filled, { ...others, ...(input && { body: Object.fromEntries(fields) }) });
  }
  const query = new URLSearchParams([...fields].map(([name, value]) => [name, String(value)]));
  return await rest(url, twin.method, query.size > 0 ? `${filled}?${query}` : filled, others);
}

/** Reads a stream of server-sent events to its end. @returns the error at its end as the answer, if there is one */
async function stream(url: string, path: string, call: Parameters<typeof callProcedure>[3]): Promise<Answer> {
  const { token, tenant, input, headers } = call;
  const response = await fetch(`${url}/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`, {
    headers: {
      accept: 'text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(tenant !== undefined && { 'x-tenant-slug': tenant }),
      ...headers,
    },
  });
  const text = await response.text();
  const refusal = /^event: serialized-error\ndata: (.*)$/m.exec(text)?.[1];
  if (refusal === undefined) return { status: response.status, headers: response.headers, body: text };
  const error: unknown = JSON.parse(refusal);
  return { status: Number(at(error, 'data', 'httpStatus')), headers: response.headers, body: { error } };
}

/** @returns `ok`, or the reason of the refusal */
export function verdictOf(answer: Answer): string {
  if (answer.status >= 200 && answer.status < 300) return 'ok';
  const reason = String(reasonOf(answer));
  const status = new Map<string, number>(Object.entries(STATUS_OF_REASON)).get(reason);
  return status === answer.status ? reason : `${reason} with status ${answer.status}`;
}
