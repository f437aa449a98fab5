/** The steps of provisioning a tenant, in order. The workflow runs them, and the API reports them. */
export const PROVISIONING_STEPS = ['role', 'schema', 'migrations', 'seed', 'ready'] as const;

export type ProvisioningStep = (typeof PROVISIONING_STEPS)[number];
export type StepState = 'pending' | 'running' | 'done' | 'failed';

export interface Progress {
  step: ProvisioningStep | null;
  steps: { name: ProvisioningStep; state: StepState }[];
}

/**
 * The progress of provisioning. The tenant's row stores only the current step, since the order of the steps is fixed.
 * @param current the running step, or the one that failed; `null` before the first one
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
