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

/** NIST SP 800-63B-4: 15 characters for a password that stands alone; 12 are enough for a really unguessable one. */
const PASSWORD_LENGTH = { min: 12, usual: 15, max: 128 } as const;
const SCORE = { min: 3, short: 4 } as const;

/** By whom the work is counted, as an address and an account: owners take turns. */
export type Owners = readonly string[];

export interface Passwords {
  /** Argon2id in PHC format. @throws AppError `OVERLOADED` */
  hash(password: string, owners?: Owners): Promise<string>;
  /** Costs the same whether there is a hash or not. @throws AppError `OVERLOADED` */
  verify(storedHash: string | undefined, password: string, owners?: Owners): Promise<boolean>;
  /** As `assertStrongPassword`, in turns. @throws AppError `PASSWORD_TOO_WEAK`, `OVERLOADED` */
  assertStrong(password: string, userInputs: readonly string[], owners?: Owners): Promise<void>;
  /** Whether a stored hash is weaker than those made today. */
  isOutdated(storedHash: string): boolean;
  /** Hashes under way and waiting. */
  readonly gate: Pick<Gate, 'running' | 'waiting'>;
}

/**
 * Argon2 fills a core and 19 MiB for each hash, so at most `cores − 1` run at once and a bounded number wait; zxcvbn fills the
 * event loop, so one password is scored at a time.
 * @param options.queue how many may wait; about half a second of work for each core is a good figure
 * @param options.width how many run at once
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
  // Of a random password: an unknown e-mail costs the same verification as a known one.
  const decoy = hash(crypto.randomUUID(), ARGON2);

  return {
    gate,
    hash: (password, owners) => gate.run(() => hash(password, ARGON2), owners),
    async verify(storedHash, password, owners) {
      const against = storedHash ?? (await decoy);
      // Longer input was never accepted as a password; it must not buy more of our time either.
      const possible = lengthOf(password) <= PASSWORD_LENGTH.max;
      const matches = await gate.run(() => verify(against, possible ? password : ''), owners);
      return matches && possible && storedHash !== undefined;
    },
    assertStrong: scoring.assertStrong,
    isOutdated: (storedHash) => !isCurrent(storedHash),
  };
}

/** What zxcvbn is told about a person, at most: it looks for each word everywhere in the password. */
const KNOWN = { inputs: 64, characters: 256 } as const;

/** How long the event loop is left alone after a password was scored, at most, in ms: about as long as the slowest takes. */
const PAUSE_MS = 50;

/**
 * zxcvbn works on the event loop, some 10 to 40 ms for the slowest passwords. One scoring runs at a time, and after each the
 * loop has as long for everything else: however many wait, scoring takes about half of it.
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
        // A short timer may end within the turn that began it.
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
    // Its time grows steeply with length and with spellings of one word, and it holds up everyone: half a second for 128
    // characters made for that, some 40 ms so. A strong beginning is strong enough.
    maxLength: 48,
    l33tMaxSubstitutions: 10,
  },
  { keyboardWalk: keyboardWalks },
);

/**
 * Refuses a password that is short or easy to guess. Its length is checked before zxcvbn runs, whose time grows
 * with it; characters are counted as code points, as given: nothing is trimmed or folded.
 * @param userInputs what a guesser knows: e-mail, name, tenant
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

/** Scores a password as it is and, where that differs, folded. The lower score counts. */
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

/** Marks that are put on letters of any script (Unicode's blocks of combining diacritical marks), and what is not seen. */
const MARKS_AND_UNSEEN = new RegExp(
  String.raw`[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]|\p{Default_Ignorable_Code_Point}`,
  'gu',
);

/**
 * A text as a guesser would spell it first: full width, circled and other letters of one kind as plain ones (NFKC), and
 * without accents, lines through letters, and what is not seen.
 */
function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(MARKS_AND_UNSEEN, '').normalize('NFC');
}

/** In code points. Counting them walks the string, so for a huge one its code units do. */
function lengthOf(password: string): number {
  return password.length > PASSWORD_LENGTH.max * 2 ? password.length : Array.from(password).length;
}

function tooWeak(message: string, score: number, warning: string | null, suggestions: string[]): AppError {
  return new AppError('PASSWORD_TOO_WEAK', message, { password: { score, warning, suggestions } });
}
