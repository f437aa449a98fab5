import { expect, test } from 'vitest';
import { formatTraceparent, mintTraceId, parseTraceparent } from '../../core/tracing/traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a traceparent is read, and written unchanged', () => {
  for (const flags of ['00', '01']) {
    const header = `00-${TRACE}-${SPAN}-${flags}`;
    const parsed = parseTraceparent(header);
    expect(parsed).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: Number(flags) });
    expect(parsed && formatTraceparent(parsed)).toBe(header);
  }
});

test('a traceparent of a later version is parsed, and its unknown parts are ignored', () => {
  expect(parseTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
});

test.each([
  undefined,
  '',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-1`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  ` 00-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01\r\n`,
  `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
])('the traceparent %j is ignored', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test('each new trace has a new id', () => {
  expect(mintTraceId()).toMatch(/^[0-9a-f]{32}$/);
  expect(mintTraceId()).not.toBe(mintTraceId());
});
