import { startStack } from './stack.ts';
import type { Stack, StackFile, StackOptions } from './types.ts';

/** The stack that all tests share, as the tests see it. Each test uses tenants of its own. */
export interface SharedStack extends StackFile {
  databaseAdminUrl: string;
  env: Readonly<Record<string, string>>;
}

/** Starts the stack that all tests share, on free ports. @param options.dataDir an empty folder */
export function startSharedStack(
  options: Pick<StackOptions, 'dataDir' | 'log' | 'bun' | 'env' | 'signal'>,
): Promise<Stack> {
  return startStack({ ...options, port: 0, fast: true });
}

/** @returns the properties of a stack that can be passed to another process */
export function toShared(stack: Stack): SharedStack {
  const { url, databaseUrl, databaseOwnerUrl, databaseAdminUrl, temporalAddress, temporalUiUrl } = stack;
  const { mailDir, superuser, env } = stack;
  return {
    url,
    databaseUrl,
    databaseOwnerUrl,
    databaseAdminUrl,
    temporalAddress,
    temporalUiUrl,
    mailDir,
    superuser,
    env,
  };
}
