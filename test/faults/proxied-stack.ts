import { freePort } from '../../dev/ports.ts';
import { startSmtpServer, type SmtpServer } from '../mail/smtp-server.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { startOwnRedis } from '../support/redis.ts';
import type { Failure } from './table.ts';

/** A stack whose server and worker reach their dependencies through fault proxies. */
export interface ProxiedStack extends AsyncDisposable {
  stack: OwnStack;
  smtp: SmtpServer;
  /** Restarts both behind the proxies. Until then they use their dependencies directly, and mails are files. */
  goThroughProxies(): Promise<void>;
  begin(failure: Failure): Promise<void>;
  end(failure: Failure): Promise<void>;
}

export async function startProxiedStack(shared: SharedStack): Promise<ProxiedStack> {
  const smtpPort = await freePort();
  const [stack, redis, smtp] = await Promise.all([
    startOwnStack(shared),
    startOwnRedis(shared),
    startSmtpServer(smtpPort),
  ]);
  const portOf = (url: string): number => Number(new URL(url).port);
  const proxies = {
    PostgreSQL: await startFaultProxy(portOf(stack.databaseUrl)),
    Redis: await startFaultProxy(redis.port),
    Temporal: await startFaultProxy(portOf(`tcp://${stack.temporalAddress}`)),
    SMTP: await startFaultProxy(smtpPort),
  };
  const through = (url: string, { port }: FaultProxy): string => {
    const moved = new URL(url);
    moved.host = `127.0.0.1:${port}`;
    return moved.href;
  };

  return {
    stack,
    smtp,
    async goThroughProxies() {
      await stack.server.start({
        DATABASE_URL: through(stack.databaseUrl, proxies.PostgreSQL),
        RATE_LIMIT_URL: `redis://127.0.0.1:${proxies.Redis.port}`,
      });
      await stack.worker.start({
        DATABASE_OWNER_URL: through(stack.databaseOwnerUrl, proxies.PostgreSQL),
        TEMPORAL_ADDRESS: `127.0.0.1:${proxies.Temporal.port}`,
        MAIL_URL: `smtp://127.0.0.1:${proxies.SMTP.port}`,
      });
    },
    async begin(failure) {
      const { proxy, frozen } = effectOf(failure, proxies);
      if (frozen) {
        proxy.freeze();
        return;
      }
      await proxy.refuse();
      proxy.reset();
    },
    async end(failure) {
      const { proxy, frozen } = effectOf(failure, proxies);
      if (frozen) proxy.thaw();
      else await proxy.accept();
    },
    async [Symbol.asyncDispose]() {
      await stack.remove();
      await Promise.all([...Object.values(proxies), redis, smtp].map((part) => part[Symbol.asyncDispose]()));
    },
  };
}

function effectOf<Proxy>(
  failure: Failure,
  proxies: Readonly<Record<'PostgreSQL' | 'Redis' | 'Temporal' | 'SMTP', Proxy>>,
): { proxy: Proxy; frozen: boolean } {
  switch (failure) {
    case 'PostgreSQL frozen':
      return { proxy: proxies.PostgreSQL, frozen: true };
    case 'PostgreSQL gone':
      return { proxy: proxies.PostgreSQL, frozen: false };
    case 'Redis frozen':
      return { proxy: proxies.Redis, frozen: true };
    case 'Redis gone':
      return { proxy: proxies.Redis, frozen: false };
    case 'Temporal gone':
      return { proxy: proxies.Temporal, frozen: false };
    case 'SMTP gone':
      return { proxy: proxies.SMTP, frozen: false };
  }
}
