import { readFile } from 'node:fs/promises';
import postgres from 'postgres';

// Replaces `psql -1 --file` if psql is not installed: it sends the file as one message, which is one transaction.

const [file = '', url = ''] = process.argv.slice(2);
const sql = postgres(url, { max: 1, fetch_types: false });
await sql.unsafe(await readFile(file, 'utf8'));
await sql.end();
