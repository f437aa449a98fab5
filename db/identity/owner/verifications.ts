import { v7 as uuidv7 } from 'uuid';
import { VERIFICATION_MS } from '../../../core/auth/mailed-token.ts';
import { SIGN_UP_DAYS } from '../../../core/identity/sign-up.ts';
import { enqueueAsOwner } from '../../outbox/owner/enqueue.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/** Only this many sign-ups of an address, the newest ones, get a new mail, since strangers may have made many. */
const MAILS_AT_MOST = 10;

/**
 * Queues a mail with a new link for each pending sign-up of a request's address. The old links become invalid. The request
 * is deleted in the same transaction, so this happens once.
 */
export async function renewVerifications(owner: Owner, requestId: string): Promise<void> {
  await owner.begin(async (tx) => {
    const [request] = await tx<{ email: string }[]>`
      delete from public.mail_requests where id = ${requestId} and kind = 'verify-email' returning email`;
    if (!request) return;
    // The rows are locked in the order of lockPendingSignUps, so that the two can't deadlock.
    const pending = await tx<{ id: string; tenant_id: string }[]>`
      select id, tenant_id from public.sign_ups
      where verified_at is null and voided_at is null and id in (
        select id from public.sign_ups
        where email = ${request.email} and verified_at is null and voided_at is null
          and created_at > now() - make_interval(days => ${SIGN_UP_DAYS})
        order by created_at desc limit ${MAILS_AT_MOST})
      order by id for update`;
    for (const { id, tenant_id: tenantId } of pending) {
      await tx`
        update public.sign_ups
        set verification_id = ${uuidv7()}, verification_expires_at = now() + make_interval(secs => ${VERIFICATION_MS / 1000})
        where id = ${id}`;
      await enqueueAsOwner(tx, tenantId, { kind: 'email.send', payload: { template: 'verify-email', signUpId: id } });
    }
  });
}
