import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The results of the calls of a load. */
export interface Outcome {
  /** The number of calls by status, or by error code if there was no answer. */
  counts: Map<string, number>;
  /** When the first call was refused or failed, in ms since 1970. */
  firstRefusalAt: number | undefined;
}

export interface Load {
  readonly outcome: Outcome;
  /** Stops, and waits for the running calls. */
  stop(): Promise<Outcome>;
}

/**
 * Calls repeatedly over kept-alive connections. Each caller sends its next call when the previous one is answered.
 * @param target returns the URL of the next call, or `undefined` if no server can be called now
 */
export function startLoad(
  target: () => string | undefined,
  options: { connections: number; headers: Record<string, string> },
): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const outcome: Outcome = { counts: new Map(), firstRefusalAt: undefined };
  let stopped = false;

  function note(what: string): void {
    outcome.counts.set(what, (outcome.counts.get(what) ?? 0) + 1);
    if (what !== '200') outcome.firstRefusalAt ??= Date.now();
  }

  async function call(): Promise<void> {
    while (!stopped) {
      const url = target();
      if (url === undefined) await sleep(5);
      else note(await get(url, agent, options.headers));
    }
  }

  const calling = Promise.all(Array.from({ length: options.connections }, call));
  return {
    outcome,
    async stop() {
      stopped = true;
      await calling;
      agent.destroy();
      return outcome;
    },
  };
}

function get(url: string, agent: Agent, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const call = request(url, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', (error) => resolve(codeOf(error)));
    });
    call.on('error', (error) => resolve(codeOf(error)));
    call.end();
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}
