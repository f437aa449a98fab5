import { waitFor } from '../support/wait.ts';
import type { Collector, ToldSpan } from './collector.ts';

/** Waits until a trace has spans with all these names. @returns all its spans */
export async function traceWith(
  collector: Pick<Collector, 'spans'>,
  traceId: string,
  ...names: string[]
): Promise<ToldSpan[]> {
  return await waitFor(`the spans ${names.join(', ')}`, () => {
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    return names.every((name) => spans.some((span) => span.name === name)) && spans;
  });
}

export function named(spans: readonly ToldSpan[], name: string): ToldSpan | undefined {
  return spans.find((span) => span.name === name);
}

/** @returns the names of a span and of its known ancestors */
export function lineage(spans: readonly ToldSpan[], start: ToldSpan | undefined): unknown[] {
  const names: unknown[] = [];
  let span = start;
  while (span) {
    names.push(span.name);
    const { parentSpanId } = span;
    span = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return names;
}
