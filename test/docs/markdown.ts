import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced code block. */
export interface Block {
  language: string;
  code: string;
}

/** Reads a page of the docs. @param page its path from the root */
export async function readPage(page: string): Promise<string> {
  return await readFile(`${ROOT}${page}`, 'utf8');
}

/** @returns every page at the root and below docs/ */
export async function allPages(): Promise<string[]> {
  const names = [
    ...(await readdir(ROOT)),
    ...(await readdir(`${ROOT}docs`, { recursive: true })).map((name) => `docs/${name}`),
  ];
  return names.filter((name) => name.endsWith('.md')).toSorted();
}

/** @returns the fenced blocks of a page, in order */
export function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms), ([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** @returns the rows of the tables between a heading and the next one, with the head but without the rule below it */
export function tableBelow(markdown: string, heading: string): string[][] {
  const section = markdown.split(/^(?=#)/m).find((part) => part.split('\n')[0]?.replace(/^#+ /, '') === heading) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** @returns the targets of the links of a page, without those in code */
export function linksOf(markdown: string): string[] {
  return Array.from(withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
}

/** @returns the anchors of a page: its headings, as GitHub writes them */
export function anchorsOf(markdown: string): string[] {
  const headings = Array.from(withoutBlocks(markdown).matchAll(/^#+ (.*)$/gm), ([, text = '']) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '');
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replaceAll(/`[^`\n]+`/g, '');
}
