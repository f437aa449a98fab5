import { availableParallelism } from 'node:os';
import { setImmediate as turnOfLoop, setTimeout as sleep } from 'node:timers/promises';
import { hash, verify } from '@node-rs/argon2';
import { ZxcvbnFactory, type ZxcvbnResult } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';
import { AppError } from '../errors.ts';
import { createGate, type Gate } from '../gate.ts';
import { keyboardWalks } from './keyboard-walks.ts';

/** OWASP Password Storage Cheat Sheet: Argon2id (the library's default), 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19456, timeCost: 2, parallelism: 1 } as const;

/**
 * In code points. NIST SP 800-63B-4 requires 15 characters if the password is the only factor. Atrium also accepts 12 to 14
 * characters if the score of zxcvbn is at least `SCORE.short`.
 */
const PASSWORD_LENGTH = { min: 12, usual: 15, max: 128 } as const;
const SCORE = { min: 3, short: 4 } as const;

/** Who causes the work, such as an address and an account. Owners take turns. */
export type Owners = readonly string[];

export interface Passwords {
  /** @returns the Argon2id hash in PHC format @throws AppError `OVERLOADED` */
  hash(password: string, owners?: Owners): Promise<string>;
  /** Takes the same time with and without a stored hash. @throws AppError `OVERLOADED` */
  verify(storedHash: string | undefined, password: string, owners?: Owners): Promise<boolean>;
  /** Calls `assertStrongPassword`, one password at a time. @throws AppError `PASSWORD_TOO_WEAK`, `OVERLOADED` */
  assertStrong(password: string, userInputs: readonly string[], owners?: Owners): Promise<void>;
  /** Whether a stored hash has weaker parameters than new hashes. */
  isOutdated(storedHash: string): boolean;
  /** How many hashes are running, and how many wait. */
  readonly gate: Pick<Gate, 'running' | 'waiting'>;
}

/**
 * Hashes, verifies and scores passwords. An Argon2 hash keeps one core busy and takes 19 MiB, so at most `cores − 1` run at
 * once and a limited number wait. zxcvbn blocks the event loop, so one password is scored at a time.
 * @param options.queue how many may wait; choose about half a second of work for each core
 * @param options.width how many hashes run at once
 */
export function createPasswords({
  queue = 64,
  width = Math.max(1, availableParallelism() - 1),
}: { queue?: number; width?: number } = {}): Passwords {
  const gate = createGate({
    width,
    queue,
    refusal: 'Too many password checks are in progress. Retry the request in a moment.',
  });
  const scoring = createScoring(queue);
  // The hash of a random password. A login with an unknown e-mail address verifies it, so it takes the same time.
  const decoy = hash(crypto.randomUUID(), ARGON2);

  return {
    gate,
    hash: (password, owners) => gate.run(() => hash(password, ARGON2), owners),
    async verify(storedHash, password, owners) {
      const against = storedHash ?? (await decoy);
      // A longer password was never accepted, so it is not hashed.
      const possible = lengthOf(password) <= PASSWORD_LENGTH.max;
      const matches = await gate.run(() => verify(against, possible ? password : ''), owners);
      return matches && possible && storedHash !== undefined;
    },
    assertStrong: scoring.assertStrong,
    isOutdated: (storedHash) => !isCurrent(storedHash),
  };
}

/** Limits of the user inputs for zxcvbn, which searches the password for each of them. */
const KNOWN = { inputs: 64, characters: 256 } as const;

/** The longest pause after a password was scored, in ms: about as long as the slowest scoring takes. */
const PAUSE_MS = 50;

/**
 * zxcvbn blocks the event loop for 10 to 40 ms with the slowest passwords. One scoring runs at a time, and a pause of the
 * same length follows it. So scoring takes at most about half of the event loop's time.
 */
function createScoring(queue: number): Pick<Passwords, 'assertStrong'> {
  const gate = createGate({
    width: 1,
    queue,
    refusal: 'Too many checks of new passwords are in progress. Retry the request in a moment.',
  });
  let resumeAt = 0;
  return {
    assertStrong: (password, userInputs, owners) =>
      gate.run(async () => {
        const pause = resumeAt - performance.now();
        if (pause > 0) await sleep(Math.ceil(pause));
        // A short timer may fire in the same turn of the event loop, before other events are handled.
        await turnOfLoop();
        const start = performance.now();
        try {
          const known = userInputs.slice(0, KNOWN.inputs).map((input) => input.slice(0, KNOWN.characters));
          assertStrongPassword(password, known);
        } finally {
          const end = performance.now();
          resumeAt = end + Math.min(end - start, PAUSE_MS);
        }
      }, owners),
  };
}

function isCurrent(storedHash: string): boolean {
  const parameters = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(storedHash);
  return (
    parameters !== null &&
    Number(parameters[1]) >= ARGON2.memoryCost &&
    Number(parameters[2]) >= ARGON2.timeCost &&
    Number(parameters[3]) >= ARGON2.parallelism
  );
}

const zxcvbn = new ZxcvbnFactory(
  {
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    // The time of zxcvbn grows steeply with the length and with the number of substitutions. The slowest passwords of 128
    // characters take half a second without these limits, and 40 ms with them.
    maxLength: 48,
    l33tMaxSubstitutions: 10,
  },
  { keyboardWalk: keyboardWalks },
);

/**
 * Refuses a password that is too short, too long or easy to guess. The length is checked first, since the time of zxcvbn
 * grows with it. It is counted in code points of the password as given, which is neither trimmed nor folded.
 * @param userInputs what an attacker may know: e-mail address, name, tenant
 * @throws AppError `PASSWORD_TOO_WEAK` with score, warning and suggestions
 */
export function assertStrongPassword(password: string, userInputs: readonly string[]): void {
  const length = lengthOf(password);
  if (length > PASSWORD_LENGTH.max) {
    throw tooWeak(`The password is longer than ${PASSWORD_LENGTH.max} characters. Use a shorter one.`, 0, null, [
      `Use at most ${PASSWORD_LENGTH.max} characters.`,
    ]);
  }
  if (length < PASSWORD_LENGTH.min) {
    throw tooWeak(`The password is shorter than ${PASSWORD_LENGTH.min} characters.`, 0, null, [
      `Use ${PASSWORD_LENGTH.usual} characters or more: a few unrelated words are easy to remember.`,
    ]);
  }
  const { score, feedback } = weakestForm(password, userInputs);
  const needed = length < PASSWORD_LENGTH.usual ? SCORE.short : SCORE.min;
  if (score < needed) {
    const { warning, suggestions } = feedback;
    throw tooWeak('The password is too easy to guess. Choose another one.', score, warning ?? null, suggestions);
  }
}

/** Scores a password as given and, if that differs, folded. @returns the lower score */
function weakestForm(password: string, userInputs: readonly string[]): Pick<ZxcvbnResult, 'score' | 'feedback'> {
  const inputs = userInputs.concat(userInputs.map(folded));
  const words = inputs.concat(inputs.flatMap((input) => input.split(/[^\p{L}\p{N}]+/u)));
  const known = words.filter((word) => word.length > 2);
  const plain = zxcvbn.check(password, known);
  const form = folded(password);
  if (form === password) return plain;
  const other = zxcvbn.check(form, known);
  return other.score < plain.score ? other : plain;
}

/** Combining diacritical marks (Unicode's blocks of that name), and invisible characters. */
const MARKS_AND_UNSEEN = new RegExp(
  String.raw`[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]|\p{Default_Ignorable_Code_Point}`,
  'gu',
);

/**
 * A text in the plain spelling that an attacker would try first. Compatibility forms, such as full-width and circled
 * letters, become plain letters (NFKC). Combining marks, such as accents, and invisible characters are removed.
 */
function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(MARKS_AND_UNSEEN, '').normalize('NFC');
}

/** The length in code points; in code units for a very long password, because they are cheap to count and it is refused. */
function lengthOf(password: string): number {
  return password.length > PASSWORD_LENGTH.max * 2 ? password.length : Array.from(password).length;
}

function tooWeak(message: string, score: number, warning: string | null, suggestions: string[]): AppError {
  return new AppError('PASSWORD_TOO_WEAK', message, { password: { score, warning, suggestions } });
}
