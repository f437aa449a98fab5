import { z } from 'zod';

/** The allowed licences: they only require that their own text is kept. */
const ALLOWED = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0'],
  ...['Python-2.0', 'Unlicense', 'Zlib'],
]);

/** Licences that were checked by hand because the package.json names none, by name and version. */
const LOOKED_AT = new Map([['unionfs 4.6.0', 'Unlicense']]);

/** The part of a CycloneDX bill of materials that is read here. */
export const bom = z.object({
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      licenses: z
        .array(
          z.object({
            license: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
            expression: z.string().optional(),
          }),
        )
        .default([]),
    }),
  ),
});

/** @returns the components that may not be shipped, with their licences */
export function refusedLicences({ components }: z.infer<typeof bom>): string[] {
  return components.flatMap(({ name, version, licenses }) => {
    const known = LOOKED_AT.get(`${name} ${version}`);
    const said = licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '');
    const all = known === undefined ? said : [known];
    return all.length > 0 && all.every(isAllowed) ? [] : [`${name} ${version}: ${all.join(', ') || 'says nothing'}`];
  });
}

/** Reads an SPDX expression without nesting: `A AND B` needs both, `(A OR B)` one. A nested expression is refused. */
function isAllowed(expression: string): boolean {
  const inner = expression.replace(/^\((.*)\)$/, '$1');
  if (inner.includes(' OR ')) return inner.split(' OR ').some((one) => ALLOWED.has(one));
  return inner.split(' AND ').every((one) => ALLOWED.has(one));
}
