import { ApplicationFailure } from '@temporalio/activity';

/** One thing that goes wrong, once. */
export interface Fault {
  activity: string;
  /** Before it did anything; or after all of it, as if its answer had been lost. */
  when: 'before' | 'after';
  /** Whether the workflow may try again. */
  retryable: boolean;
}

/** By the tenant's id, in the order in which they strike. */
export type Faults = Map<string, Fault[]>;

type Activity = (input: never) => Promise<unknown>;

/** The same activities, which fail where `faults` says so. A fault that has struck is taken from the list. */
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
