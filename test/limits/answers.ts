import { MOUNTS, type Mount } from '../support/mounts.ts';
import { reasonOf, type Answer } from '../support/rest.ts';

export const MINUTE = 60;
export const HOUR = 3600;

let given = 0;

/** @returns an address that no other test of the file uses (RFC 2544) */
export function freshAddress(): string {
  given += 1;
  return `198.18.${given >> 8}.${given & 255}`;
}

/** @returns one of the two mounts, by turn */
export function mountOf(turn: number): Mount {
  return MOUNTS[turn % 2] ?? 'REST';
}

/** @returns the reason of a refusal, or the status of another answer */
export function outcome(answer: Answer): unknown {
  return reasonOf(answer) ?? answer.status;
}

/** Makes calls one after the other. @returns the outcome of each */
export async function outcomes(count: number, call: (turn: number) => Promise<Answer>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let turn = 0; turn < count; turn++) seen.push(outcome(await call(turn)));
  return seen;
}

/** @returns the limit and the rest of it, from the headers of an answer */
export function budget({ headers }: Answer): number[] {
  return [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')].map(Number);
}

/** @returns a list with the same value `count` times */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
