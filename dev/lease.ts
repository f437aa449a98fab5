import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { z } from 'zod';
import type { SharedStack } from './shared-stack.ts';

/** How long a stack may take to restart its server and worker, in ms. */
const PATIENCE_MS = 60_000;

const leaseFileSchema = z.object({ url: z.url(), token: z.string() });

const stackSchema: z.ZodType<SharedStack> = z.object({
  url: z.string(),
  databaseUrl: z.string(),
  databaseOwnerUrl: z.string(),
  databaseAdminUrl: z.string(),
  temporalAddress: z.string(),
  temporalUiUrl: z.string().nullable(),
  mailDir: z.string(),
  superuser: z.object({ email: z.string(), password: z.string() }),
  env: z.record(z.string(), z.string()),
});

/** The right to use a stack that another process keeps. */
export interface Lease {
  readonly stack: SharedStack;
  /** Returns the lease. It also ends when this process exits. */
  release(): void;
}

/**
 * Leases the stack of `bun run test --keep`.
 * @param file the file to which that command wrote its address and token
 * @throws Error that says in one line why the stack cannot be used
 */
export async function takeLease(file: string): Promise<Lease> {
  const { url, token } = leaseFileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const call = request(url, { headers: { authorization: `Bearer ${token}` } });
  const answer = new Promise<SharedStack>((resolve, reject) => {
    call.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (response.statusCode === 200 && text.endsWith('\n')) resolve(stackSchema.parse(JSON.parse(text)));
      });
      response.once('end', () => reject(new Error(text === '' ? `it answered ${response.statusCode}` : text)));
      // release() aborts the response, which is an error event.
      response.once('error', reject);
    });
    call.once('error', () => reject(new Error('it is gone')));
    call.setTimeout(PATIENCE_MS, () => reject(new Error(`it gave no answer for ${PATIENCE_MS / 1000} s`)));
  });
  call.end();
  try {
    return { stack: await answer, release: () => void call.destroy() };
  } catch (error) {
    call.destroy();
    throw error;
  }
}
