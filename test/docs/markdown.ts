import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What stands between two fences. */
export interface Block {
  language: string;
  code: string;
}

/** Reads a page of the docs. @param page its path from the root */
export async function readPage(page: string): Promise<string> {
  return await readFile(`${ROOT}${page}`, 'utf8');
}

/** Every page that people read: those at the root, and all below docs/. */
export async function allPages(): Promise<string[]> {
  const names = [
    ...(await readdir(ROOT)),
    ...(await readdir(`${ROOT}docs`, { recursive: true })).map((name) => `docs/${name}`),
  ];
  return names.filter((name) => name.endsWith('.md')).toSorted();
}

/** The fenced blocks of a page, in order. */
export function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms), ([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** The rows of every table below a heading, up to the next heading; without the rule below the head. */
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

/** Where the links of a page lead, those in code left out. */
export function linksOf(markdown: string): string[] {
  return Array.from(withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
}

/** The anchors that a page offers: its headings, spelled as GitHub spells them. */
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
