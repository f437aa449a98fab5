import { z } from 'zod';
import { at, type Answer } from './rest.ts';

const operationSchema = z.looseObject({
  operationId: z.string(),
  requestBody: z.unknown().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(z.looseObject({ in: z.string(), name: z.string(), required: z.boolean().optional() }))
    .default([]),
  responses: z.record(
    z.string(),
    z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional() }),
  ),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.looseObject({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

export type Operation = z.infer<typeof operationSchema>;
type Paths = z.infer<typeof documentSchema>['paths'];

/** The OpenAPI document of a server. */
export interface OpenApi {
  raw: Record<string, unknown>;
  /** The document with references to parameters and responses resolved. */
  document: z.infer<typeof documentSchema>;
}

export async function readOpenApi(url: string): Promise<OpenApi> {
  const response = await fetch(`${url}/openapi.json`);
  const raw = z.record(z.string(), z.unknown()).parse(await response.json());
  return { raw, document: documentSchema.parse(withComponents(raw, raw['components'])) };
}

/** @returns a part of the document with references to parameters and responses resolved */
function withComponents(part: unknown, components: unknown): unknown {
  if (Array.isArray(part)) return part.map((one: unknown) => withComponents(one, components));
  if (typeof part !== 'object' || part === null) return part;
  const [, kind = '', name = ''] =
    /^#\/components\/(parameters|responses)\/(\w+)$/.exec(String(at(part, '$ref'))) ?? [];
  if (name !== '') return at(components, kind, name);
  return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, withComponents(one, components)]));
}

/** @returns each operation by its name, such as `GET /projects/{id}` */
export function operationsOf({ document: { paths } }: { document: { paths: Paths } }): Map<string, Operation> {
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    ),
  );
}

/** @returns how an answer differs from the document, or `undefined` if it does not */
export function deviationOf({ document }: OpenApi, operation: Operation, answer: Answer): string | undefined {
  const documented = operation.responses[String(answer.status)];
  if (!documented) return `the status ${answer.status} is not documented`;
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  if (documented.content === undefined) {
    return type === '' && answer.body === undefined ? undefined : `${answer.status} has a body, and none is documented`;
  }
  const schema = documented.content[type]?.schema;
  if (schema === undefined) return `${answer.status} is not documented as ${type}`;
  const error = z.fromJSONSchema(resolved(schema, document.components.schemas)).safeParse(answer.body).error;
  return error && `${answer.status}: ${error.message}`;
}

/** @returns a schema with the components that its references need */
function resolved(schema: object, schemas: object): Record<string, unknown> {
  const whole = JSON.stringify({ ...schema, $defs: schemas });
  return z.record(z.string(), z.unknown()).parse(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')));
}
