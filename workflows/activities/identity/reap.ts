import type { Owner } from '../../../db/connection/owner/connect.ts';
import { reapSignUps } from '../../../db/identity/owner/reap.ts';
import { withBeat } from '../heartbeat.ts';

export type ReapingActivities = ReturnType<typeof createReapingActivities>;

export function createReapingActivities({ owner }: { owner: Owner }) {
  return {
    reapSignUps: (): Promise<void> => withBeat(() => reapSignUps(owner)),
  };
}
