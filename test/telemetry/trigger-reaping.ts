import { Client, Connection } from '@temporalio/client';
import { REAP_SCHEDULE_ID } from '../../workflows/contract.ts';

/** Starts the reaping of stale tenants now, and not at its next time. */
export async function triggerReaping({ temporalAddress }: { temporalAddress: string }): Promise<void> {
  const connection = await Connection.connect({ address: temporalAddress });
  await new Client({ connection }).schedule.getHandle(REAP_SCHEDULE_ID).trigger();
  await connection.close();
}
