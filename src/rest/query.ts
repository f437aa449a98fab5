import { z } from 'zod';

/** Turns the texts of a query string into what a schema expects. */
export type QueryDecoder = (query: Readonly<Record<string, string[]>>) => Record<string, unknown>;

/**
 * Makes the decoder of an object schema: numbers, booleans and lists are read where the schema has them. A text that
 * is none stays one, and the schema refuses it by name.
 */
export function decodeQuery(schema: z.ZodType): QueryDecoder {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return (query) =>
    Object.fromEntries(
      Object.entries(query).map(([name, values]) => {
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        const type = typeof property === 'object' ? property.type : undefined;
        if (type === 'array') return [name, values];
        // A repeated parameter is a list, which no single value's schema takes.
        return [name, values.length === 1 ? decode(values[0] ?? '', type) : values];
      }),
    );
}

function decode(text: string, type: unknown): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
