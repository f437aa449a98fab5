import { z } from 'zod';

/** Converts the strings of a query to the types of a schema. */
export type QueryDecoder = (query: Readonly<Record<string, string[]>>) => Record<string, unknown>;

/**
 * Creates the decoder of an object schema. It converts strings where the schema has numbers, booleans or lists. A string
 * that cannot be converted stays a string, which the schema then refuses.
 */
export function decodeQuery(schema: z.ZodType): QueryDecoder {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return (query) =>
    Object.fromEntries(
      Object.entries(query).map(([name, values]) => {
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        const type = typeof property === 'object' ? property.type : undefined;
        if (type === 'array') return [name, values];
        // A repeated parameter becomes a list, which the schema of a single value refuses.
        return [name, values.length === 1 ? decode(values[0] ?? '', type) : values];
      }),
    );
}

function decode(text: string, type: unknown): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
