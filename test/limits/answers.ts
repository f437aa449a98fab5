import { MOUNTS, type Mount } from '../support/mounts.ts';
import { reasonOf, type Answer } from '../support/rest.ts';

export const MINUTE = 60;
export const HOUR = 3600;

let given = 0;

/** An address that no other test of the file has (RFC 2544). */
export function freshAddress(): string {
  given += 1;
  return `198.18.${given >> 8}.${given & 255}`;
}

/** The two mounts in turn. */
export function mountOf(turn: number): Mount {
  return MOUNTS[turn % 2] ?? 'REST';
}

/** How a call ended: its reason, or its status where it was not refused. */
export function outcome(answer: Answer): unknown {
  return reasonOf(answer) ?? answer.status;
}

/** Makes calls one after the other. @returns how each ended */
export async function outcomes(count: number, call: (turn: number) => Promise<Answer>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let turn = 0; turn < count; turn++) seen.push(outcome(await call(turn)));
  return seen;
}

/** What the headers of an answer tell: the limit, and what is left of it. */
export function budget({ headers }: Answer): number[] {
  return [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')].map(Number);
}

/** The same value so many times. */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
