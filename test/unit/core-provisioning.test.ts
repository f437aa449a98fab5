import { expect, test } from 'vitest';
import { isProvisioningStep, progressOf, PROVISIONING_STEPS } from '../../core/tenancy/provisioning.ts';
import { isSettled, statesBetween, type TenantState } from '../../routers/tenants/status.ts';

type Step = (typeof PROVISIONING_STEPS)[number];

const underway = (step: Step | null): TenantState => ({
  slug: 'acme',
  status: 'provisioning',
  ...progressOf('underway', step),
});
const failed = (step: Step): TenantState => ({ slug: 'acme', status: 'failed', ...progressOf('failed', step) });
const ready: TenantState = { slug: 'acme', status: 'ready', ...progressOf('done', null) };
const stepsOf = (states: TenantState[]): unknown[] => states.map(({ status, step }) => step ?? status);

test('before the first step all steps are pending', () => {
  const { step, steps } = progressOf('underway', null);
  expect(step).toBeNull();
  expect(steps.map(({ name }) => name)).toEqual(PROVISIONING_STEPS);
  expect(new Set(steps.map(({ state }) => state))).toEqual(new Set(['pending']));
});

test.each([...PROVISIONING_STEPS])('at the step %s the steps before are done and those after pending', (current) => {
  const at = PROVISIONING_STEPS.indexOf(current);
  for (const phase of ['underway', 'failed'] as const) {
    const { step, steps } = progressOf(phase, current);
    expect(step).toBe(current);
    expect(steps.slice(0, at).every(({ state }) => state === 'done')).toBe(true);
    expect(steps[at]?.state).toBe(phase === 'failed' ? 'failed' : 'running');
    expect(steps.slice(at + 1).every(({ state }) => state === 'pending')).toBe(true);
  }
});

test('when provisioning is done all steps are done', () => {
  for (const last of [null, 'ready'] as const) {
    const { step, steps } = progressOf('done', last);
    expect(step).toBeNull();
    expect(steps.every(({ state }) => state === 'done')).toBe(true);
  }
});

test('an unknown step is ignored', () => {
  expect(PROVISIONING_STEPS.every(isProvisioningStep)).toBe(true);
  for (const value of [null, '', 'Role', 'toString']) expect(isProvisioningStep(value)).toBe(false);
});

test('only a tenant in provisioning has further states to report', () => {
  expect([underway(null), underway('ready'), failed('seed'), ready].map(isSettled)).toEqual([false, false, true, true]);
});

test('the first reading is reported unchanged', () => {
  expect(statesBetween(undefined, underway('schema'))).toEqual([underway('schema')]);
});

test('a reading without a change is not reported', () => {
  for (const state of [underway(null), underway('seed'), failed('seed'), ready]) {
    expect(statesBetween(state, { ...state })).toEqual([]);
  }
});

test('steps that passed between two readings are reported one by one', () => {
  expect(stepsOf(statesBetween(underway(null), ready))).toEqual([...PROVISIONING_STEPS, 'ready']);
  expect(statesBetween(underway('role'), underway('migrations'))).toEqual([underway('schema'), underway('migrations')]);
  expect(statesBetween(underway('role'), failed('migrations'))).toEqual([underway('schema'), failed('migrations')]);
  expect(statesBetween(underway('seed'), failed('seed'))).toEqual([failed('seed')]);
});

test.each([...PROVISIONING_STEPS])(
  'a tenant that starts again after %s is reported, without steps that did not happen',
  (step) => {
    expect(statesBetween(underway(step), underway(null))).toEqual([underway(null)]);
    expect(statesBetween(failed(step), underway(null))).toEqual([underway(null)]);
  },
);
