import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/tables/tenant.ts', out: './db/migrations/tenant' });
