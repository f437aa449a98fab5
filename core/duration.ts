export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A duration in words: `15 minutes`, `1 hour`, `24 hours`, `7 days`. @param milliseconds a whole number of minutes */
export function inWords(milliseconds: number): string {
  if (milliseconds > DAY_MS && milliseconds % DAY_MS === 0) return counted(milliseconds / DAY_MS, 'day');
  if (milliseconds % HOUR_MS === 0) return counted(milliseconds / HOUR_MS, 'hour');
  return counted(milliseconds / MINUTE_MS, 'minute');
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
