import { writeFile } from 'node:fs/promises';
import { limitTable, productLimitTable } from '../core/rate-limit/index.ts';
import { envExample, settingRows, settingTable } from '../core/env/table.ts';

// `bun run config`: every setting. With --markdown the docs' table, with --write `.env.example` and the docs' page; with
// --limits the docs' tables of rate limits: Atrium's, and the product's.
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
