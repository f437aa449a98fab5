import { blocksOf, type Block } from './markdown.ts';

/** The pages that are followed. Each builds on those before. */
export const HOW_TO_ADD = [
  'docs/how-to/add-a-table.md',
  'docs/how-to/add-a-procedure.md',
  'docs/how-to/add-a-workflow.md',
];

/** What a how-to page tells its reader to do, in the words of `FORMS`. */
export type Step =
  | { kind: 'make'; file: string; text: string }
  | { kind: 'append'; file: string; text: string }
  | { kind: 'insert'; file: string; where: 'above' | 'below'; line: string; text: string }
  | { kind: 'import'; file: string; names: string[]; module: string }
  | { kind: 'replace'; file: string; old: string; by: string }
  | { kind: 'run'; commands: string[]; fails: boolean };

/** A page tells its reader something that no machine can follow. */
export class UnclearPageError extends Error {
  override readonly name = 'UnclearPageError';
}

/** Code in a sentence: what has a backtick itself stands between two. */
const CODE = '(?:``\\s?(?:.+?)\\s?``|`(?:[^`]+)`)';
const LIST = `${CODE}(?:, ${CODE})*(?: and ${CODE})?`;

/** The sentences that introduce a block: each is the last sentence above it. */
const INTRODUCING: readonly [RegExp, (parts: string[], text: string) => Step][] = [
  [form(`Make (${CODE}):`), ([file = ''], text) => ({ kind: 'make', file, text })],
  [form(`In (${CODE}), add at the end:`), ([file = ''], text) => ({ kind: 'append', file, text })],
  [
    form(`In (${CODE}), (above|below) the line that has (${CODE}), add:`),
    ([file = '', where, line = ''], text) => ({
      kind: 'insert',
      file,
      where: where === 'above' ? 'above' : 'below',
      line,
      text,
    }),
  ],
  [form('Run:'), (_, text) => ({ kind: 'run', commands: linesOf(text), fails: false })],
  [form('Run, and see it fail:'), (_, text) => ({ kind: 'run', commands: linesOf(text), fails: true })],
];

/** The sentences that say all by themselves. */
const COMPLETE: readonly [RegExp, (parts: string[]) => Step][] = [
  [
    form(`In (${CODE}), add (${LIST}) to the import from (${CODE})\\.`),
    ([file = '', names = '', module = '']) => ({
      kind: 'import',
      file: uncoded(file),
      names: Array.from(names.matchAll(new RegExp(CODE, 'g')), ([name]) => uncoded(name)),
      module: uncoded(module),
    }),
  ],
  [
    form(`In (${CODE}), replace (${CODE}) by (${CODE})\\.`),
    ([file = '', old = '', by = '']) => ({ kind: 'replace', file: uncoded(file), old: uncoded(old), by: uncoded(by) }),
  ],
];

/** How a sentence begins that tells the reader to do something. */
const TELLING = /^(?:Make `|In `|Run\b)/;

/**
 * Reads the steps of a how-to page, in order.
 * @throws UnclearPageError for a block that no sentence of a known form introduces, and for a sentence that begins like
 * one of a known form and is none
 */
export function stepsOf(markdown: string): Step[] {
  const blocks = blocksOf(markdown);
  const prose = markdown.split(/^```\w*\n.*?^```$/ms);
  return prose.flatMap((text, index) => {
    const block = blocks[index];
    const sentences = sentencesOf(text);
    const last = block && sentences.pop();
    const steps = sentences.flatMap(stepOf);
    if (block) steps.push(introduced(block, last));
    return steps;
  });
}

function introduced(block: Block, sentence = ''): Step {
  for (const [pattern, make] of INTRODUCING) {
    const parts = pattern.exec(sentence);
    if (parts) return make(parts.slice(1).map(uncoded), block.code);
  }
  throw new UnclearPageError(
    `No sentence that test/docs/steps.ts knows introduces this block, but "${sentence}":\n${block.code}`,
  );
}

function stepOf(sentence: string): Step[] {
  for (const [pattern, make] of COMPLETE) {
    const parts = pattern.exec(sentence);
    if (parts) return [make(parts.slice(1))];
  }
  if (!TELLING.test(sentence)) return [];
  throw new UnclearPageError(`test/docs/steps.ts knows no such sentence: "${sentence}"`);
}

/** The sentences of prose; tables and headings are none. A list's items are paragraphs. */
function sentencesOf(prose: string): string[] {
  return prose
    .split(/\n{2,}|\n(?=[-|#]|\d+\. )/)
    .map((paragraph) => paragraph.trim().replace(/^(?:-|\d+\.) /, ''))
    .filter((paragraph) => paragraph !== '' && !/^[|#]/.test(paragraph))
    .flatMap((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, ' ').split(/(?<=[.:!?]) (?=[A-Z])/));
}

function form(source: string): RegExp {
  return new RegExp(`^${source}$`);
}

/** What stands between backticks. Spaces inside two belong to the marks, as in Markdown. */
function uncoded(part: string): string {
  return part.startsWith('``') ? part.replace(/^``\s?(.*?)\s?``$/, '$1') : part.replace(/^`(.*)`$/, '$1');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
