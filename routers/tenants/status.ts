import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import {
  isProvisioningStep,
  progressOf,
  PROVISIONING_STEPS,
  type ProvisioningStep,
} from '../../core/tenancy/provisioning.ts';
import { parseSlug } from '../../core/tenancy/slug-format.ts';
import { tenantNotFound } from '../../db/entering/enter.ts';
import { memberships, tenants, type TenantStatus } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { tenantStatusShape } from '../shapes.ts';

const stepName = z.enum(PROVISIONING_STEPS).meta({ id: 'ProvisioningStep' });

export const statusShape = z
  .object({
    slug: z.string(),
    status: tenantStatusShape,
    step: stepName.nullable().describe('The current provisioning step, or the one that failed'),
    steps: z.array(
      z
        .object({ name: stepName, state: z.enum(['pending', 'running', 'done', 'failed']) })
        .meta({ id: 'TenantProgressStep' }),
    ),
    error: z.string().optional().describe('Why provisioning failed'),
  })
  .meta({ id: 'TenantProgress' });

export type TenantState = z.infer<typeof statusShape>;

/** The slug of a tenant. It is not validated here, so that an invalid slug gives `TENANT_NOT_FOUND` like an unknown one. */
export const slugInput = z.strictObject({ slug: z.string().max(100) });

/**
 * Reads the provisioning status of one of the user's tenants.
 * @throws AppError `TENANT_NOT_FOUND` for an unknown slug, and for a tenant that the user is no member of
 */
export async function readStatus(tx: Tx, userId: string, slug: string): Promise<TenantState> {
  const known = parseSlug(slug);
  if (known === undefined) throw tenantNotFound();
  const [row] = await tx
    .select({
      slug: tenants.slug,
      status: tenants.status,
      step: tenants.provisioningStep,
      error: tenants.provisioningError,
    })
    .from(tenants)
    .innerJoin(memberships, and(eq(memberships.tenantId, tenants.id), eq(memberships.userId, userId)))
    .where(eq(tenants.slug, known));
  if (!row) throw tenantNotFound();
  const step = isProvisioningStep(row.step) ? row.step : null;
  return {
    slug: row.slug,
    status: row.status,
    ...progressOf(phaseOf(row.status), step),
    ...(row.status === 'failed' && row.error !== null && { error: row.error }),
  };
}

function phaseOf(status: TenantStatus): 'underway' | 'failed' | 'done' {
  if (status === 'provisioning') return 'underway';
  return status === 'failed' ? 'failed' : 'done';
}

/** Whether provisioning has ended, with success or failure. */
export function isSettled({ status }: TenantState): boolean {
  return status !== 'provisioning';
}

/** Returns the states between two polls, including the later one, so that a slow poll skips no step. */
export function statesBetween(before: TenantState | undefined, after: TenantState): TenantState[] {
  if (!before) return [after];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  // If provisioning was restarted, the step went back, and no steps are missing.
  const missed = PROVISIONING_STEPS.slice(reached(before) + 1, Math.max(reached(after), 0));
  return [...missed.map((step) => underway(after.slug, step)), after];
}

function underway(slug: string, step: ProvisioningStep): TenantState {
  return { slug, status: 'provisioning', ...progressOf('underway', step) };
}

/** Returns the index of a state's step: −1 before the first step, and the number of steps after the last one. */
function reached(state: TenantState): number {
  if (state.status !== 'provisioning' && state.status !== 'failed') return PROVISIONING_STEPS.length;
  return state.step === null ? -1 : PROVISIONING_STEPS.indexOf(state.step);
}
