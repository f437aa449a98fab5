import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { EnvError, parseEnv, WORKER_SETTINGS, type SETTINGS } from '../../core/env/index.ts';

const worker = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://atrium.example.com',
  DATABASE_OWNER_URL: 'postgres://owner:x@localhost/atrium',
  TEMPORAL_ADDRESS: 'localhost:7233',
  MAIL_URL: 'smtp://localhost',
  SECRET_KEY: randomBytes(32).toString('base64'),
};

function problemsOf(source: Partial<Record<keyof typeof SETTINGS.shape, string>>): readonly string[] {
  try {
    parseEnv(source, WORKER_SETTINGS);
    return [];
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
}

test('a worker listens on no port by default, and needs no METRICS_TOKEN then', () => {
  expect(problemsOf(worker)).toEqual([]);
  expect(parseEnv(worker, WORKER_SETTINGS).WORKER_METRICS_PORT).toBeUndefined();
});

test('in production a worker with a metrics port needs METRICS_TOKEN', () => {
  expect(problemsOf({ ...worker, WORKER_METRICS_PORT: '9464' })).toEqual([
    expect.stringMatching(/^METRICS_TOKEN: is required/),
  ]);
  expect(problemsOf({ ...worker, WORKER_METRICS_PORT: '9464', METRICS_TOKEN: 'm'.repeat(16) })).toEqual([]);
});

test('the tracing endpoint must be a URL, and the sampling ratio between 0 and 1', () => {
  expect(
    problemsOf({ ...worker, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318', OTEL_TRACES_SAMPLER_ARG: '2' }),
  ).toHaveLength(2);
  expect(
    problemsOf({ ...worker, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_SAMPLER_ARG: '0.1' }),
  ).toEqual([]);
});
