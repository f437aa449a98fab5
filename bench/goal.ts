/** The goal for a figure. */
export type Goal = { atLeast: number } | { atMost: number } | { within: readonly [low: number, high: number] };

export function meetsGoal(goal: Goal, value: number): boolean {
  if ('atLeast' in goal) return value >= goal.atLeast;
  if ('atMost' in goal) return value <= goal.atMost;
  const [low, high] = goal.within;
  return low <= value && value <= high;
}

/** @returns the goal as text, such as `≥ 0.75`, `≤ 100` or `0.95–1.05` */
export function goalText(goal: Goal, write: (value: number) => string): string {
  if ('atLeast' in goal) return `≥ ${write(goal.atLeast)}`;
  if ('atMost' in goal) return `≤ ${write(goal.atMost)}`;
  return goal.within.map(write).join('–');
}
