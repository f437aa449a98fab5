import { OUTBOX_CHANNEL } from '../enqueue.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/**
 * Listens for new rows, on a separate connection.
 * @param onRows called for new rows, and after each reconnect, since rows may have been queued in the meantime
 */
export async function listenForRows(owner: Owner, onRows: () => void): Promise<{ unlisten: () => Promise<void> }> {
  return await owner.listen(OUTBOX_CHANNEL, onRows, onRows);
}
