/** The steps that make a tenant, in order. The workflow does them, and the API tells them. */
export const PROVISIONING_STEPS = ['role', 'schema', 'migrations', 'seed', 'ready'] as const;

export type ProvisioningStep = (typeof PROVISIONING_STEPS)[number];
export type StepState = 'pending' | 'running' | 'done' | 'failed';

export interface Progress {
  step: ProvisioningStep | null;
  steps: { name: ProvisioningStep; state: StepState }[];
}

/**
 * Where a tenant stands. Its row keeps only the step under way, since the steps have one order.
 * @param current the step under way, or the one that failed; `null` before the first
 */
export function progressOf(phase: 'underway' | 'failed' | 'done', current: ProvisioningStep | null): Progress {
  const at = phase === 'done' ? PROVISIONING_STEPS.length : current === null ? -1 : PROVISIONING_STEPS.indexOf(current);
  const steps = PROVISIONING_STEPS.map((name, index) => ({ name, state: stateOf(index) }));
  return { step: phase === 'done' ? null : current, steps };

  function stateOf(index: number): StepState {
    if (index < at) return 'done';
    if (index > at) return 'pending';
    return phase === 'failed' ? 'failed' : 'running';
  }
}

export function isProvisioningStep(value: string | null): value is ProvisioningStep {
  return PROVISIONING_STEPS.some((step) => step === value);
}
