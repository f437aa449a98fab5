import { reasonOf, type Answer } from '../support/rest.ts';

/** @returns the reason of a refusal, or `done` */
export function outcomeOf(answer: Answer): string {
  const reason = reasonOf(answer);
  return typeof reason === 'string' ? reason : 'done';
}

/** @returns the outcomes of concurrent calls, sorted because any of them may win */
export function outcomesOf(answers: readonly Answer[]): string[] {
  return answers.map(outcomeOf).toSorted((a, b) => (a < b ? -1 : 1));
}
