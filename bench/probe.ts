import { parseArgs } from 'node:util';
import type { Probes } from './probes.ts';

// Runs as a process of its own. It calls one URL at a steady pace, without waiting for earlier answers, until its standard
// input ends. Then it prints the time and the latency of each call as JSON.

const { values } = parseArgs({
  options: { url: { type: 'string', default: '' }, every: { type: 'string', default: '10' } },
});
const every = Number(values.every);
const probes: Probes = [];
const underWay = new Set<Promise<void>>();

async function ask(at: number, late: number): Promise<void> {
  const response = await fetch(values.url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${values.url} answered ${response.status}`);
  probes.push({ at, late, milliseconds: performance.timeOrigin + performance.now() - at });
}

let last: number | undefined;
const pace = setInterval(() => {
  const at = performance.timeOrigin + performance.now();
  const asking = ask(at, last === undefined ? 0 : at - last - every).finally(() => underWay.delete(asking));
  last = at;
  underWay.add(asking);
}, every);
await Bun.stdin.text();
clearInterval(pace);
await Promise.all(underWay);
console.log(JSON.stringify(probes));
