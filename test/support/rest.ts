/** An answer of the server, with its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  /** The body: parsed if it is JSON, otherwise as text, or `undefined` if it is empty. */
  body: unknown;
}

export interface Call {
  token?: string;
  tenant?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls the REST bridge. @param path below `/api/v1` */
export async function rest(url: string, method: string, path: string, call: Call = {}): Promise<Answer> {
  return await send(`${url}/api/v1${path}`, method, call);
}

/** Calls one procedure over tRPC's HTTP mount, without the tRPC client. */
export async function trpc(
  url: string,
  type: 'query' | 'mutation',
  path: string,
  { body: input, ...call }: Call = {},
): Promise<Answer> {
  if (type === 'mutation') return await send(`${url}/trpc/${path}`, 'POST', { ...call, body: input });
  const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  return await send(`${url}/trpc/${path}${query}`, 'GET', call);
}

async function send(url: string, method: string, { token, tenant, body, headers }: Call): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(tenant !== undefined && { 'x-tenant-slug': tenant }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const parsed: unknown = json ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parsed };
}

/** @returns the value at a path of keys, or `undefined` if there is none */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** @returns the reason of a refusal, for both mounts */
export function reasonOf({ body }: Answer): unknown {
  return at(body, 'reason') ?? at(body, 'error', 'data', 'reason');
}
