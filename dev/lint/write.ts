import { writeFile } from 'node:fs/promises';
import { oxlintConfig } from './config.ts';

// In one line: oxfmt, which runs next, leaves objects that are written over several lines as they are.
await writeFile(new URL('../../.oxlintrc.json', import.meta.url), JSON.stringify(oxlintConfig()));
