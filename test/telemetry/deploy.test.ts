import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createServerMetrics } from '../../core/metrics/server.ts';
import { createWorkerMetrics } from '../../core/metrics/worker.ts';
import { readPage, tableBelow } from '../docs/markdown.ts';
import { at } from '../support/rest.ts';

/** @returns the names of all metrics of both processes, as Prometheus stores them, without labels */
async function told(): Promise<{ metrics: Set<string>; series: Set<string> }> {
  const registries = [
    createServerMetrics({
      version: '0',
      pool: { max: 1, stats: () => ({ busy: 0, waiting: 0 }), tally: { waits: 0, waitedMs: 0, refused: 0 } },
      hashes: { running: 0, waiting: 0 },
      limiter: { away: false, fallbacks: 0 },
      streams: { total: 0 },
      readiness: { database: async () => true, draining: false },
    }).registry,
    createWorkerMetrics({
      version: '0',
      slots: { workflow: 1, activity: 1, local_activity: 1 },
      slotsTaken: () => ({ workflow: 0, activity: 0, local_activity: 0 }),
      backlog: async () => undefined,
    }).registry,
  ];
  const all = (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat();
  const metrics = new Set(all.map(({ name }) => name));
  const histograms = all.filter((metric) => String(metric.type) === 'histogram').map(({ name }) => name);
  return {
    metrics,
    series: new Set([
      ...metrics,
      ...histograms.flatMap((name) => ['_bucket', '_sum', '_count'].map((end) => name + end)),
    ]),
  };
}

const OURS = /\b(?:atrium|nodejs|process)_[a-z0-9_]+/g;

test.each(['deploy/grafana/dashboard.json', 'deploy/prometheus/alerts.yaml'])(
  '%s uses only metrics that the server or the worker has',
  async (file) => {
    const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    const named = new Set(text.match(OURS));
    const { series } = await told();
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !series.has(name))).toEqual([]);
  },
);

test('each metric of Atrium is on the dashboard, and in the table of the docs', async () => {
  const { metrics } = await told();
  const ours = [...metrics].filter((name) => name.startsWith('atrium_')).toSorted();
  const dashboard = await readFile(new URL('../../deploy/grafana/dashboard.json', import.meta.url), 'utf8');
  expect(ours.filter((name) => !dashboard.includes(name))).toEqual([]);
  const [, ...rows] = tableBelow(await readPage('docs/operations.md'), 'Metrics');
  expect(rows.map(([name = '']) => name.replaceAll('`', '')).toSorted()).toEqual(ours);
});

test('each panel of the Grafana dashboard has a position, a data source and a query', async () => {
  const text = await readFile(new URL('../../deploy/grafana/dashboard.json', import.meta.url), 'utf8');
  const dashboard: unknown = JSON.parse(text);
  const panels = at(dashboard, 'panels');
  expect(Array.isArray(panels) && panels.length).toBeGreaterThan(10);
  const ids = new Set<unknown>();
  for (const panel of Array.isArray(panels) ? panels : []) {
    ids.add(at(panel, 'id'));
    expect(at(panel, 'gridPos', 'w')).toBeGreaterThan(0);
    if (at(panel, 'type') === 'row') continue;
    expect(at(panel, 'datasource', 'uid')).toBe(`\${datasource}`);
    expect(at(panel, 'targets', 0, 'expr')).toEqual(expect.any(String));
  }
  expect(ids.size).toBe(Array.isArray(panels) ? panels.length : -1);
});

test('each alert has a severity, and a section in the docs on what to do', async () => {
  const alerts = await readFile(new URL('../../deploy/prometheus/alerts.yaml', import.meta.url), 'utf8');
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);
  expect(rules.length).toBeGreaterThan(5);
  for (const rule of rules) {
    expect(rule).toMatch(/^ {8}expr: /m);
    expect(rule).toMatch(/severity: (page|ticket)/);
    expect(rule).toMatch(/^ {10}summary: /m);
  }
  const [, ...rows] = tableBelow(await readPage('docs/operations.md'), 'Alerts');
  const named = rows.map(([name = '']) => name.replaceAll('`', ''));
  expect(named.toSorted()).toEqual(rules.map((rule) => rule.slice(0, rule.indexOf('\n'))).toSorted());
});
