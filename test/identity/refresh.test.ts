import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, rest, type Answer } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { ENDED, refusalsOf } from './pairs.ts';

const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

const refresh = (refreshToken: string) => rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });

test('50 simultaneous refreshes of one token get the same successor, and leave one unused token', async () => {
  const grace = await addMember(place, ada);
  // The calls wait for each other. A call that waits too long gets a retryable refusal, and is sent again.
  const untilAnswered = async (): Promise<Answer> => {
    const answer = await refresh(grace.login.refreshToken);
    return answer.status === 503 ? await untilAnswered() : answer;
  };
  const answers = await Promise.all(Array.from({ length: 50 }, untilAnswered));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => at(body, 'refreshToken'))).size).toBe(1);
  await using owner = connect(place.databaseOwnerUrl);
  const chain = await owner.sql`
    select used_at is not null as used from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} order by r.id`;
  expect([...chain]).toEqual([{ used: true }, { used: false }]);
});

test('a refresh during the end of its session gives no token that works', async () => {
  const { userId, login } = await addMember(place, ada);
  const { body } = await meet(place, {
    lock: (tx) => tx`select from public.sessions where user_id = ${userId} for update`,
    calls: () => refresh(login.refreshToken),
    change: (tx) => tx`update public.sessions set revoked_at = now() where user_id = ${userId}`,
  });
  const pair = { accessToken: String(at(body, 'accessToken')), refreshToken: String(at(body, 'refreshToken')) };
  expect(await refusalsOf(place, pair)).toEqual(ENDED);
});
