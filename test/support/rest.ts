/** An answer of the server, read. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON; the text otherwise; `undefined` where there is none. */
  body: unknown;
}

export interface Call {
  token?: string;
  tenant?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls the REST bridge, as curl would. @param path below `/api/v1` */
export async function rest(url: string, method: string, path: string, call: Call = {}): Promise<Answer> {
  return await send(`${url}/api/v1${path}`, method, call);
}

/** Calls one procedure over tRPC's HTTP, without its client. */
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

/** The field of an answer at a path of keys; `undefined` where there is none. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** The reason of a refusal, from either mount. */
export function reasonOf({ body }: Answer): unknown {
  return at(body, 'reason') ?? at(body, 'error', 'data', 'reason');
}
