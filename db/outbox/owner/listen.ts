import { OUTBOX_CHANNEL } from '../enqueue.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/**
 * Listens for new rows, on a connection of its own.
 * @param onRows is also called whenever that connection is back: rows may have come unheard in the meantime
 */
export async function listenForRows(owner: Owner, onRows: () => void): Promise<{ unlisten: () => Promise<void> }> {
  return await owner.listen(OUTBOX_CHANNEL, onRows, onRows);
}
