/** Bodies at most, in bytes: 1 MiB. */
export const BODY_LIMIT = 1024 * 1024;

export function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '');
}
