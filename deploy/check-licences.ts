import { bom, refusedLicences } from './licences.ts';

// Reads the output of `bun run sbom`, and exits with 1 if the licence of a component is not allowed.

const parsed = bom.safeParse(await Bun.stdin.json().catch(() => undefined));
const refused = parsed.success
  ? refusedLicences(parsed.data)
  : ['This takes the output of `npm sbom --sbom-format cyclonedx`, and got none: does npm work here?'];
if (refused.length > 0) {
  const advice = parsed.success ? ['Replace it, or read its licence and name it in deploy/licences.ts.'] : [];
  process.stderr.write([...refused, ...advice, ''].join('\n'));
  process.exit(1);
}
