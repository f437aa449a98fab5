import { z } from 'zod';
import {
  BIDI,
  BLANKS,
  countVisible,
  IGNORABLE,
  LINE_BREAKS,
  NONCHARACTERS,
  SPACES,
  withoutUnseen,
} from './unseen-characters.ts';

const FORBIDDEN = new RegExp(String.raw`(?!\s)\p{Cc}|[${BIDI}\p{Cs}\p{Noncharacter_Code_Point}]`, 'u');
const LINE_BREAK = new RegExp(`[${LINE_BREAKS}]`, 'u');

export interface DisplayTextRules {
  /** The maximum length in code points, before invisible characters are removed. */
  max: number;
  /** The minimum number of visible characters. */
  visible: number;
  /** Whether it may have several lines. */
  lines: boolean;
}

/**
 * A schema for text that other users see. Its canonical form is NFC without surrounding blanks and without useless
 * invisible characters. They are removed and not refused, since a user who pasted one can't see it. Control characters and
 * bidi controls are refused, since they make a text look like another one.
 */
export function displayText({ max, visible, lines }: DisplayTextRules) {
  return z
    .string()
    .refine((text) => text.length <= 2 * max && Array.from(text).length <= max, {
      error: `must be at most ${max} characters long`,
      abort: true,
    })
    .refine((text) => !FORBIDDEN.test(text) && (lines || !LINE_BREAK.test(text.trim())), {
      error: `must not contain control characters${lines ? '' : ', line breaks'} or bidirectional control characters`,
      abort: true,
    })
    .overwrite((text) => withoutUnseen(text).normalize('NFC'))
    .refine((text) => countVisible(text) >= visible, {
      error: visible === 1 ? 'must contain a visible character' : `must contain at least ${visible} visible characters`,
    })
    .meta({ minLength: visible, maxLength: max, pattern: patternOf({ visible, lines }) });
}

/**
 * The same rule as a pattern for the OpenAPI document. It differs in three points: it counts invisible characters above
 * U+FFFF and combining marks as visible, and it allows no line breaks around a single line.
 */
function patternOf({ visible, lines }: Pick<DisplayTextRules, 'visible' | 'lines'>): string {
  const controls = String.raw`\u0000-\u0008\u000e-\u001f\u007f-\u009f${BIDI}${NONCHARACTERS}`;
  const forbidden = lines ? controls : controls + LINE_BREAKS;
  const unseen = SPACES + BLANKS + IGNORABLE + (lines ? LINE_BREAKS : '');
  const seen = `[${unseen}]*[^${forbidden}${unseen}]`;
  return `^${visible === 1 ? seen : `(?:${seen}){${visible}}`}[^${forbidden}]*$`;
}
