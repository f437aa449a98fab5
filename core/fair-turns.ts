/**
 * Numbers the turns of owners: each owner has one task in a turn, and the turns are served in order (start-time fair
 * queueing, Goyal et al. 1996, with tasks of one size).
 */
export function createFairTurns() {
  const lastOf = new Map<string, number>();
  let now = 0;
  return {
    /** The first turn in which none of these owners has a task. */
    next: (owners: readonly string[]): number => Math.max(now, ...owners.map((owner) => lastOf.get(owner) ?? 0)) + 1,
    take(owners: readonly string[], turn: number): void {
      for (const owner of owners) lastOf.set(owner, turn);
    },
    giveBack(owners: readonly string[], turn: number): void {
      for (const owner of owners) if (lastOf.get(owner) === turn) lastOf.set(owner, turn - 1);
    },
    /** Sets the turn that is served now. Owners whose turns are over are deleted, since they start at this turn anyway. */
    reach(turn: number): void {
      if (turn <= now) return;
      now = turn;
      for (const [owner, last] of lastOf) if (last <= now) lastOf.delete(owner);
    },
    clear(): void {
      lastOf.clear();
      now = 0;
    },
  };
}
