import { bom, refusedLicences } from './licences.ts';

// Reads what `bun run sbom` prints, and ends with 1 if a component's licence is none of those that we ship.

const parsed = bom.safeParse(await Bun.stdin.json().catch(() => undefined));
const refused = parsed.success
  ? refusedLicences(parsed.data)
  : ['This takes the output of `npm sbom --sbom-format cyclonedx`, and got none: does npm work here?'];
if (refused.length > 0) {
  const advice = parsed.success ? ['Replace it, or read its licence and name it in deploy/licences.ts.'] : [];
  process.stderr.write([...refused, ...advice, ''].join('\n'));
  process.exit(1);
}
