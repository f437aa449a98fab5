/**
 * How many workflows one relay starts for one tenant: a burst at once, then a number per second. Temporal runs workflows
 * in the order of their start, so all tenants wait behind the workflows of one. A worker on two cores sends some tens of
 * mails per second. A burst therefore delays others by about a second, and a tenant that queues all the time takes a small
 * part of the worker.
 */
const PACE = { burst: 20, aSecond: 5 } as const;

/** How many workflows each tenant may start now. It is kept in memory: after a restart every tenant has a full burst. */
export interface Pace {
  /** The tenants that may not start a workflow now. */
  held(): string[];
  /** How many workflows may be started for a tenant now. */
  placesOf(tenantId: string): number;
  /** Counts one workflow that was started for a tenant. */
  spend(tenantId: string): void;
}

export function createPace(): Pace {
  /** The budgets that are not full: those of tenants that started workflows in the last seconds. */
  const budgets = new Map<string, number>();
  let filledAt = performance.now();

  function fill(): void {
    const now = performance.now();
    const more = ((now - filledAt) / 1000) * PACE.aSecond;
    filledAt = now;
    for (const [tenantId, left] of budgets) {
      if (left + more >= PACE.burst) budgets.delete(tenantId);
      else budgets.set(tenantId, left + more);
    }
  }

  const placesOf = (tenantId: string): number => Math.floor(budgets.get(tenantId) ?? PACE.burst);
  return {
    held() {
      fill();
      return [...budgets.keys()].filter((tenantId) => placesOf(tenantId) < 1);
    },
    placesOf,
    spend(tenantId) {
      budgets.set(tenantId, (budgets.get(tenantId) ?? PACE.burst) - 1);
    },
  };
}
