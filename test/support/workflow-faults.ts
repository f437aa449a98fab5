import { ApplicationFailure } from '@temporalio/activity';

/** One failure of an activity, which happens once. */
export interface Fault {
  activity: string;
  /** Whether it fails before it does anything, or after its work as if the answer had been lost. */
  when: 'before' | 'after';
  /** Whether the workflow may retry. */
  retryable: boolean;
}

/** The faults by tenant id, in the order in which they occur. */
export type Faults = Map<string, Fault[]>;

type Activity = (input: never) => Promise<unknown>;

/** Wraps activities so that they fail as `faults` says. Each fault is removed from the list when it occurs. */
export function withFaults(activities: Record<string, Activity>, faults: Faults): Record<string, Activity> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, run]) => [
      name,
      async (input: never) => {
        strike(name, 'before', input);
        const result = await run(input);
        strike(name, 'after', input);
        return result;
      },
    ]),
  );

  function strike(activity: string, when: Fault['when'], input: unknown): void {
    const pending = faults.get(tenantIdOf(input)) ?? [];
    const index = pending.findIndex((fault) => fault.activity === activity && fault.when === when);
    const [fault] = index < 0 ? [] : pending.splice(index, 1);
    if (!fault) return;
    const message = `${activity} was made to fail ${when} its work`;
    throw fault.retryable ? ApplicationFailure.retryable(message) : ApplicationFailure.nonRetryable(message);
  }
}

function tenantIdOf(input: unknown): string {
  return typeof input === 'object' && input !== null && 'tenantId' in input ? String(input.tenantId) : '';
}
