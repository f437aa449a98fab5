import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: ['./db/tables/tenant.ts', './db/tables/product/tenant.ts'],
  out: './db/migrations/tenant/product',
});
