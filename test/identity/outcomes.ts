import { reasonOf, type Answer } from '../support/rest.ts';

/** What a call came to: the reason for which it was refused, or `done`. */
export function outcomeOf(answer: Answer): string {
  const reason = reasonOf(answer);
  return typeof reason === 'string' ? reason : 'done';
}

/** What calls of which any may win came to, in alphabetical order. */
export function outcomesOf(answers: readonly Answer[]): string[] {
  return answers.map(outcomeOf).toSorted((a, b) => (a < b ? -1 : 1));
}
