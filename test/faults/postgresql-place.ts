import { connect } from '../support/database.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { freshSlug } from '../support/people.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { rest, type Answer } from '../support/rest.ts';
import { outcomeOf, startLoad, type Load } from './load.ts';

/** The number of connections of the server: those for calls, and one for probes. */
const POOL_MAX = 4;
export const CONNECTIONS_AT_MOST = POOL_MAX + 1;
export const CALLERS = 16;

/** A server that reaches the shared database through a fault proxy, and two tenants that call it. */
export interface Place extends AsyncDisposable {
  server: OwnServer;
  proxy: FaultProxy;
  /** Starts sixteen callers of two tenants. Three of four only read. */
  load(): Load;
  /** Makes one read. */
  read(): Promise<Answer>;
  /** @returns the status of a probe */
  probe(path: '/livez' | '/readyz'): Promise<number>;
  /** @returns the server's sessions in PostgreSQL */
  sessions(): Promise<{ count: number; inTransaction: number }>;
  /** @returns a metric of the server */
  metric(name: string): Promise<number>;
  /** @returns every project of both tenants, with the answer to its creation and its rows in the tables */
  projects(): Promise<{ name: string; told: string; row: boolean; audit: number }[]>;
}

export async function openPlace(shared: SharedStack): Promise<Place> {
  const url = new URL(shared.databaseUrl);
  const proxy = await startFaultProxy(Number(url.port));
  const name = freshSlug('faults');
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  url.searchParams.set('application_name', name);
  const tenants = await foundPair(shared);
  const server = await startOwnServer(shared, { DATABASE_URL: url.href, DATABASE_POOL_MAX: String(POOL_MAX) });
  const owner = connect(shared.databaseOwnerUrl);
  const admin = connect(shared.databaseAdminUrl);
  const told = new Map<string, string>();

  const as = (tenant: Housed) => ({ token: tenant.tokens().accessToken, tenant: tenant.slug });
  const read = (tenant: Housed) => rest(server.url, 'GET', '/projects', as(tenant));
  const write = async (tenant: Housed): Promise<Answer> => {
    const project = freshSlug('project');
    told.set(project, 'no answer');
    const answer = await rest(server.url, 'POST', '/projects', { ...as(tenant), body: { name: project } });
    told.set(project, outcomeOf(answer));
    return answer;
  };

  return {
    server,
    proxy,
    load: () =>
      startLoad(
        Array.from({ length: CALLERS }, (_, index) => {
          const tenant = tenants[index % 2 === 0 ? 0 : 1];
          return () => (index % 8 < 2 ? write(tenant) : read(tenant));
        }),
      ),
    read: () => read(tenants[0]),
    probe: async (path) => (await fetch(`${server.url}${path}`)).status,
    async sessions() {
      const rows = await admin.sql<{ state: string | null }[]>`
        select state from pg_stat_activity where application_name = ${name}`;
      return {
        count: rows.length,
        inTransaction: rows.filter(({ state }) => state?.startsWith('idle in transaction')).length,
      };
    },
    async metric(wanted) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const value = new RegExp(`^${wanted}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
      if (value === undefined) throw new Error(`No metric ${wanted}`);
      return Number(value);
    },
    async projects() {
      const found = await Promise.all(
        tenants.map(
          ({ schema, tenantId }) =>
            owner.sql<{ name: string; row: boolean; audit: number }[]>`
            select coalesce(p.name, a.changes->'name'->>1) as name, p.id is not null as row, count(a.id)::int as audit
            from ${owner.sql(schema)}.projects p
            full join (select * from public.audit_logs where tenant_id = ${tenantId} and action = 'project.create'
              and outcome = 'success') a on a.entity_id = p.id::text
            group by 1, p.id`,
        ),
      );
      const rows = new Map(found.flat().map((row) => [row.name, row]));
      const names = new Set([...told.keys(), ...rows.keys()]);
      return Array.from(names, (project) => ({
        name: project,
        told: told.get(project) ?? 'nothing',
        row: rows.get(project)?.row ?? false,
        audit: rows.get(project)?.audit ?? 0,
      }));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Promise.all([owner, admin].map((one) => one[Symbol.asyncDispose]()));
      await proxy[Symbol.asyncDispose]();
    },
  };
}
