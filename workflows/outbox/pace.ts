/**
 * The workflows that one relay starts for one tenant: a burst of so many at once, and so many a second after that. Temporal
 * does first what was started first, so what is started for one tenant is what all others wait behind. A worker on two cores sends
 * some tens of mails a second: a burst keeps others waiting for about a second, and a tenant that queues without end takes
 * a small part of the worker.
 */
const PACE = { burst: 20, aSecond: 5 } as const;

/** What each tenant may still have started. It is this relay's own: with a new relay, all have full bursts. */
export interface Pace {
  /** The tenants that have to wait now. */
  held(): string[];
  /** How many workflows may be started for a tenant now. */
  placesOf(tenantId: string): number;
  /** A workflow was started for a tenant. */
  spend(tenantId: string): void;
}

export function createPace(): Pace {
  /** Tenants that may not have a whole burst: those that had mail in the last seconds. */
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
