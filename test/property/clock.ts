import type postgres from 'postgres';
import type { Handles } from './handles.ts';

// The grace of 10 s is extended, and ended explicitly, so that no history depends on its speed.

/** Extends every running grace by an hour. */
export async function stopTheClock(sql: postgres.Sql, { people }: Handles): Promise<void> {
  await sql`
    update public.refresh_tokens r
    set used_at = case when used_at > now() - interval '5 minutes' then now() + interval '1 hour' else used_at end,
      expires_at = case
        when r.expires_at between now() - interval '5 minutes' and now() + interval '10 seconds' then now() + interval '1 hour'
        else r.expires_at end
    from public.sessions s join public.users u on u.id = s.user_id
    where s.id = r.session_id and u.email = any(${people.map(({ email }) => email)})
      and (used_at is not null or r.expires_at < now() + interval '10 seconds')`;
}

/** Ends every grace. */
export async function letTimePass(sql: postgres.Sql, { people }: Handles): Promise<void> {
  await sql`
    update public.refresh_tokens r
    set used_at = case when used_at is not null then now() - interval '1 day' end,
      expires_at = case
        when r.expires_at < now() + interval '2 hours' then now() - interval '1 day'
        else r.expires_at end
    from public.sessions s join public.users u on u.id = s.user_id
    where s.id = r.session_id and u.email = any(${people.map(({ email }) => email)})`;
}
