/** PostgreSQL's own superuser, whom no right stops, in the database that another URL names. */
export function superuserUrl({ databaseAdminUrl }: { databaseAdminUrl: string }, databaseUrl: string): string {
  const url = new URL(databaseAdminUrl);
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}
