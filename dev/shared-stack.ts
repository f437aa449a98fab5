import { startStack } from './stack.ts';
import type { Stack, StackFile, StackOptions } from './types.ts';

/** What tests know of the stack that all of them share. Their own tenants keep them apart. */
export interface SharedStack extends StackFile {
  databaseAdminUrl: string;
  env: Readonly<Record<string, string>>;
}

/** Starts the stack that tests share, on free ports. @param options.dataDir an empty folder */
export function startSharedStack(
  options: Pick<StackOptions, 'dataDir' | 'log' | 'bun' | 'env' | 'signal'>,
): Promise<Stack> {
  return startStack({ ...options, port: 0, fast: true });
}

/** What of a stack can be handed to another process. */
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
