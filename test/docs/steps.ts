import { blocksOf, type Block } from './markdown.ts';

/** The pages that are followed. Each page builds on the previous ones. */
export const HOW_TO_ADD = [
  'docs/how-to/add-a-table.md',
  'docs/how-to/add-a-procedure.md',
  'docs/how-to/add-a-workflow.md',
];

/** One step of a how-to page. */
export type Step =
  | { kind: 'make'; file: string; text: string }
  | { kind: 'append'; file: string; text: string }
  | { kind: 'insert'; file: string; where: 'above' | 'below'; line: string; text: string }
  | { kind: 'import'; file: string; names: string[]; module: string }
  | { kind: 'replace'; file: string; old: string; by: string }
  | { kind: 'run'; commands: string[]; fails: boolean };

/** A page has a step that a program cannot follow. */
export class UnclearPageError extends Error {
  override readonly name = 'UnclearPageError';
}

/** Code in a sentence. Code with a backtick is written between double backticks. */
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

/** The sentences that are complete steps without a block. */
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

/** The beginnings of sentences that are steps. */
const TELLING = /^(?:Make `|In `|Run\b)/;

/**
 * Reads the steps of a how-to page, in order.
 * @throws UnclearPageError for a block without a known introducing sentence, and for a sentence that begins like a step but
 * has no known form
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

/** @returns the sentences of prose, without tables and headings. An item of a list is a paragraph. */
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

/** @returns the code between backticks. Spaces inside double backticks are removed, as in Markdown. */
function uncoded(part: string): string {
  return part.startsWith('``') ? part.replace(/^``\s?(.*?)\s?``$/, '$1') : part.replace(/^`(.*)`$/, '$1');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
