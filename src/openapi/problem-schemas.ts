import { STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import { pascal, schemaNamed } from './names.ts';
import type { Schema } from './types.ts';

const ISSUE = {
  type: 'object',
  description: 'A problem with one part of the input',
  required: ['path', 'message'],
  properties: {
    path: {
      type: 'array',
      description: 'Path to the invalid part; empty for the input as a whole',
      items: { type: ['string', 'integer'] },
    },
    message: { type: 'string' },
  },
} satisfies Schema;

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem details. Each reason has its own schema with additional fields.',
  required: ['type', 'title', 'status', 'detail', 'reason', 'requestId'],
  properties: {
    type: { type: 'string', description: 'URI that identifies the kind of problem' },
    title: { type: 'string' },
    status: { type: 'integer', description: 'The HTTP status' },
    detail: { type: 'string', description: 'What is wrong and what to do, for people' },
    reason: { type: 'string', description: 'Stable error code for programs' },
    requestId: { type: 'string', description: 'Identifies the request in the server log' },
  },
} satisfies Schema;

/** The additional fields of a problem, by its reason. */
const MORE: Partial<Record<Reason, { properties: Record<string, Schema>; required?: string[] }>> = {
  VALIDATION_FAILED: { properties: { issues: { type: 'array', items: schemaNamed('Issue') } } },
  PASSWORD_TOO_WEAK: {
    required: ['score', 'warning', 'suggestions'],
    properties: {
      score: { type: 'integer', minimum: 0, maximum: 4, description: 'Score by zxcvbn, from 0 (weak) to 4 (strong)' },
      warning: { type: ['string', 'null'] },
      suggestions: { type: 'array', items: { type: 'string' } },
    },
  },
};

const problemName = (reason: Reason): string => `${pascal(reason)}Problem`;

/** Returns the schema of an error response that can have these reasons. */
export function problemSchema(reasons: readonly Reason[]): Schema {
  const schemas = reasons.map((reason) => schemaNamed(problemName(reason)));
  return schemas.length === 1 && schemas[0] ? schemas[0] : { oneOf: schemas };
}

/** Returns the named schemas of these reasons, one for each, so that a generated client can distinguish them. */
export function problemSchemas(reasons: Iterable<Reason>): Record<string, Schema> {
  const byReason = [...reasons].map((reason): [string, Schema] => [problemName(reason), schemaOf(reason)]);
  return { Problem: PROBLEM, Issue: ISSUE, ...Object.fromEntries(byReason) };
}

function schemaOf(reason: Reason): Schema {
  const { properties, required = [] } = MORE[reason] ?? {};
  return {
    allOf: [
      schemaNamed('Problem'),
      {
        type: 'object',
        required: ['status', 'reason', ...required],
        properties: {
          status: { type: 'integer', enum: [STATUS_OF_REASON[reason]] },
          reason: { type: 'string', enum: [reason] },
          ...properties,
        },
      },
    ],
  };
}
