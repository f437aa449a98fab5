import type { Document, Operation, Parameter, Schema } from './types.ts';

/** Components of a document by their names. */
type Named<Component> = Map<string, Component>;

const SCHEMAS = '#/components/schemas/';

export const schemaNamed = (name: string): { $ref: string } => ({ $ref: `${SCHEMAS}${name}` });

/** Converts `projects-create`, `userId` and `TENANT_REQUIRED` to `ProjectsCreate`, `UserId` and `TenantRequired`. */
export function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/**
 * Names each object schema and each enum of a document, so that a generated client has one type for it, with a stable name.
 * A schema with an `id` keeps it as its name. A page of such schemas is named `<Item>Page`, a body `<Operation>Input`, and
 * any other response `<Operation>Output`. A nested schema gets the name of its parent and its property. The operations are
 * changed in place.
 * @returns the schemas of the components
 * @throws Error if two different shapes have the same name
 */
export function nameSchemas(document: Document, operations: readonly Operation[]): Record<string, Schema> {
  const schemas: Named<Schema> = new Map();
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    // The document has problem details instead of the generator's own errors.
    if (!name.startsWith('error.')) put(schemas, name, withNamedParts(schemas, schema, name));
  }
  for (const { operationId = '', parameters = [], requestBody, responses } of operations) {
    const name = pascal(operationId);
    for (const parameter of parameters) {
      if ('name' in parameter && parameter.schema) {
        parameter.schema = named(schemas, parameter.schema, `${name}${pascal(parameter.name)}`);
      }
    }
    if (requestBody && 'content' in requestBody) nameContent(requestBody, (it) => named(schemas, it, `${name}Input`));
    for (const response of Object.values<unknown>(responses ?? {})) {
      if (hasContent(response)) nameContent(response, (it) => namedOutput(schemas, it, `${name}Output`));
    }
  }
  return Object.fromEntries([...schemas].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Replaces the parameters that several operations share with references. The operations are changed in place.
 * @returns the parameters of the components
 */
export function nameParameters(operations: readonly Operation[]): Record<string, Parameter> {
  const all = operations.flatMap(({ parameters = [] }) => parameters);
  const shared: Named<Parameter> = new Map();
  for (const parameter of all) {
    const isShared = all.filter((other) => isSame(other, parameter)).length > 1;
    const name = 'name' in parameter ? pascal(parameter.name) : '';
    if (isShared && !shared.has(name)) shared.set(name, parameter);
  }
  for (const operation of operations) {
    operation.parameters = (operation.parameters ?? []).map((parameter) => {
      const [name] = [...shared].find(([, one]) => isSame(one, parameter)) ?? [];
      return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` };
    });
  }
  return Object.fromEntries(shared);
}

interface Content {
  content: Record<string, { schema?: Schema }>;
}

function hasContent(response: unknown): response is Content {
  return typeof response === 'object' && response !== null && 'content' in response;
}

function nameContent({ content }: Content, name: (schema: Schema) => Schema): void {
  for (const media of Object.values(content)) if (media.schema) media.schema = name(media.schema);
}

function namedOutput(schemas: Named<Schema>, schema: Schema, name: string): Schema {
  return named(schemas, schema, pageName(schema) ?? name);
}

/** Returns the name of a page, if the schema is a page and its items have a name. */
function pageName(schema: Schema): string | undefined {
  if (isReference(schema) || !isSame(Object.keys(schema.properties ?? {}), ['items', 'nextCursor'])) return undefined;
  const list = schema.properties?.['items'];
  const item = list && !isReference(list) ? list.items : undefined;
  return item && isReference(item) ? `${item.$ref.slice(SCHEMAS.length)}Page` : undefined;
}

/** Returns a reference to an object or enum. Returns any other schema itself, with its parts named. */
function named(schemas: Named<Schema>, schema: Schema, name: string): Schema {
  const whole = withNamedParts(schemas, schema, name);
  const isObject = 'properties' in whole;
  const isChoice = 'enum' in whole && (whole.enum?.length ?? 0) > 1;
  if (!isObject && !isChoice) return whole;
  put(schemas, name, whole);
  return schemaNamed(name);
}

function put(schemas: Named<Schema>, name: string, schema: Schema): void {
  const before = schemas.get(name);
  if (before && !isSame(before, schema)) {
    throw new Error(`OpenAPI: two different shapes are named ${name}: give one of them another id by .meta({ id })`);
  }
  schemas.set(name, schema);
}

/** Names the parts of a schema. Replaces `const` by an enum of one value, because some client generators ignore `const`. */
function withNamedParts(schemas: Named<Schema>, schema: Schema, name: string): Schema {
  if (isReference(schema)) return schema;
  const { properties, items, anyOf, additionalProperties } = schema;
  const part = (one: Schema, place = ''): Schema => named(schemas, one, `${name}${place}`);
  const whole: Schema = {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, property]) => [key, part(property, pascal(key))]),
      ),
    }),
    ...(items && { items: part(items, 'Item') }),
    // Of two options, one is usually null, so the other one needs no number.
    ...(anyOf && { anyOf: anyOf.map((one, index) => part(one, anyOf.length > 2 ? String(index + 1) : '')) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: part(additionalProperties, 'Value') }),
  };
  const value: unknown = schema.const;
  if (value === undefined) return whole;
  delete whole.const;
  return { ...whole, enum: [value] };
}

function isReference(schema: Schema): schema is { $ref: string } {
  return '$ref' in schema;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
