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
  /** In code points, as given. */
  max: number;
  /** How many characters must be visible. */
  visible: number;
  /** Whether it may have several lines. */
  lines: boolean;
}

/**
 * Text that others see, in its one form: NFC, without the blanks around it, and without invisible characters that change
 * nothing. Those are dropped and not refused, since whoever pasted one can't see it. Controls and bidi controls are
 * refused: they make text look like something else.
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
 * The rule for the document. It can't say which invisible characters beyond U+FFFF there are, takes a combining mark for
 * visible, and has no line breaks around a single line.
 */
function patternOf({ visible, lines }: Pick<DisplayTextRules, 'visible' | 'lines'>): string {
  const controls = String.raw`\u0000-\u0008\u000e-\u001f\u007f-\u009f${BIDI}${NONCHARACTERS}`;
  const forbidden = lines ? controls : controls + LINE_BREAKS;
  const unseen = SPACES + BLANKS + IGNORABLE + (lines ? LINE_BREAKS : '');
  const seen = `[${unseen}]*[^${forbidden}${unseen}]`;
  return `^${visible === 1 ? seen : `(?:${seen}){${visible}}`}[^${forbidden}]*$`;
}
