import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/tenant.ts', out: './db/migrations/tenant' });
