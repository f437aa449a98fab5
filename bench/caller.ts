/** The answer to a call, and how long it took. */
export interface Answer {
  status: number;
  /** The reason of a refusal. */
  reason: unknown;
  retryAfter: string | null;
  milliseconds: number;
}

/** Posts JSON to the REST bridge. @param path below `/api/v1` */
export type Caller = (path: string, body: object) => Promise<Answer>;

/**
 * Creates a caller that uses a new client address for each call, because the rate limits count by address. Successive
 * calls share a connection.
 * @param network a number that keeps the addresses of this caller apart from those of others
 */
export function createCaller(url: string, network: number): Caller {
  let calls = 0;
  return async (path, body) => {
    calls += 1;
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-for': `10.${network}.${(calls >> 8) & 255}.${calls & 255}`,
    };
    const text = JSON.stringify(body);
    const start = performance.now();
    const response = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: text });
    const answer = await response.text();
    const milliseconds = performance.now() - start;
    return {
      status: response.status,
      reason: response.ok ? undefined : reasonIn(answer),
      retryAfter: response.headers.get('retry-after'),
      milliseconds,
    };
  };
}

function reasonIn(problem: string): unknown {
  const parsed: unknown = JSON.parse(problem);
  return typeof parsed === 'object' && parsed !== null && 'reason' in parsed ? parsed.reason : undefined;
}
