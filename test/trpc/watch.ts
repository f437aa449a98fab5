import { createTRPCClient, httpSubscriptionLink, type TRPCLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AppRouter } from '../../client/index.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

export interface State {
  status: string;
  step: string | null;
  steps: { name: string; state: string }[];
}

/** How a stream ended: `complete`, or an error. */
type End = 'complete' | { code: unknown; reason: unknown };

/** The events of a subscription so far. */
interface Watch {
  seen: State[];
  end: Promise<End>;
  unsubscribe(): void;
}

/** Subscribes to the status of a tenant with tRPC's link, with the token in a header. */
export function watch(place: Pick<SharedStack, 'url'>, token: string, slug: string): Watch {
  const link: TRPCLink<AppRouter> = httpSubscriptionLink({
    url: `${place.url}/trpc`,
    EventSource,
    eventSourceOptions: {
      fetch: (input: string | URL, init: { headers: Record<string, string> }) =>
        fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
    },
  });
  const client = createTRPCClient<AppRouter>({ links: [link] });
  const seen: State[] = [];
  let subscription: { unsubscribe(): void } | undefined;
  const end = new Promise<End>((resolve) => {
    subscription = client.tenants.onStatus.subscribe(
      { slug },
      {
        onData: (state) => seen.push(state),
        onComplete: () => resolve('complete'),
        onError: (error) => resolve({ code: at(error, 'data', 'code'), reason: at(error, 'data', 'reason') }),
      },
    );
  });
  return { seen, end, unsubscribe: () => subscription?.unsubscribe() };
}

/** Adds a member who subscribes to a tenant that stays in provisioning. */
export async function watchStandstill(place: SharedStack, step = 'seed') {
  const other = await signUpTenant(place);
  const member = await addMember(place, other);
  const owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.tenants set status = 'provisioning', provisioning_step = ${step} where id = ${other.tenantId}`;
  const stream = watch(place, member.login.accessToken, other.slug);
  await waitFor('the first state', () => stream.seen.length > 0);
  return { other, member, owner, stream };
}
