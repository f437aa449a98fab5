import { writeFile } from 'node:fs/promises';
import { oxlintConfig } from './config.ts';

// On one line: oxfmt, which runs next, keeps the line breaks of objects.
await writeFile(new URL('../../.oxlintrc.json', import.meta.url), JSON.stringify(oxlintConfig()));
