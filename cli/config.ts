import { writeFile } from 'node:fs/promises';
import { limitTable, productLimitTable } from '../core/rate-limit/index.ts';
import { envExample, settingRows, settingTable } from '../core/env/docs-table.ts';

// `bun run config` prints every setting.
// --markdown prints the table of docs/configuration.md, and --write writes that page and `.env.example`.
// --limits prints the tables of Atrium's and the product's rate limits.
if (process.argv.includes('--write')) {
  await writeFile('.env.example', envExample());
  await writeFile(
    'docs/configuration.md',
    `# Configuration\n\nMade by \`bun run config --write\` from \`core/env/settings.ts\`.\n\n${settingTable()}\n`,
  );
} else if (process.argv.includes('--limits')) {
  console.log(`${limitTable()}\n\n${productLimitTable()}`);
} else if (process.argv.includes('--markdown')) {
  console.log(settingTable());
} else {
  console.table(settingRows());
}
