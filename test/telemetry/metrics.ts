import { expect } from 'vitest';

/** The metrics of one request to `/metrics`. */
export interface Metrics {
  /** @returns the sum of the series with this name and these labels */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number;
  /** @returns all values of a label */
  readonly labels: (name: string, label: string) => string[];
  readonly names: ReadonlySet<string>;
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;

export async function readMetrics(url: string, token?: string): Promise<Metrics> {
  const response = await fetch(`${url}/metrics`, {
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
  expect(response.status).toBe(200);
  return parseMetrics(await response.text());
}

/** Parses the part of Prometheus' text format that Atrium writes. */
export function parseMetrics(text: string): Metrics {
  const series = text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (line.startsWith('#') || name === undefined) return [];
    const pairs = Array.from(labels.matchAll(/(\w+)="([^"]*)"/g), ([, key = '', of = '']) => [key, of] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
  return {
    names: new Set(series.map(({ name }) => name)),
    labels: (name, label) => [
      ...new Set(series.flatMap((one) => (one.name === name ? [one.labels[label] ?? ''] : []))),
    ],
    value: (name, wanted = {}) =>
      series
        .filter((one) => one.name === name && Object.entries(wanted).every(([key, value]) => one.labels[key] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}
