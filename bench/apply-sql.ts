import { readFile } from 'node:fs/promises';
import postgres from 'postgres';

// What `psql -1 --file` does, where there is no psql: the file in one message, hence in one transaction.

const [file = '', url = ''] = process.argv.slice(2);
const sql = postgres(url, { max: 1, fetch_types: false });
await sql.unsafe(await readFile(file, 'utf8'));
await sql.end();
