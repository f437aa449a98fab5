import { generateOpenApiDocument } from 'trpc-to-openapi';
import { STATUS_OF_REASON, type Reason } from '../core/errors.ts';
import { appRouter } from '../routers/index.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { REST_PATH, restProcedures, type RestProcedure } from './rest.ts';

type Document = ReturnType<typeof generateOpenApiDocument>;
type SchemaObject = NonNullable<NonNullable<Document['components']>['schemas']>[string];

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem details',
  required: ['type', 'title', 'status', 'detail', 'reason', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    reason: { type: 'string', enum: Object.keys(STATUS_OF_REASON) },
    requestId: { type: 'string' },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'array', items: { type: ['string', 'integer'] } },
          message: { type: 'string' },
        },
      },
    },
    score: { type: 'integer', description: "Beside PASSWORD_TOO_WEAK: zxcvbn's, 0 to 4" },
    warning: { type: ['string', 'null'] },
    suggestions: { type: 'array', items: { type: 'string' } },
  },
} satisfies SchemaObject;

/** Who needs what to call, told by the access level. */
const NEEDS_TOKEN = new Set(['user', 'member', 'admin', 'superuser']);
const NEEDS_TENANT = new Set(['member', 'admin']);

/** The OpenAPI 3.1 document of the REST bridge, made from the routers. */
export function openApiDocument(options: { publicUrl: string; version: string }): Document {
  const document = generateOpenApiDocument(appRouter, {
    title: 'Atrium',
    version: options.version,
    description: 'The same procedures as tRPC at /trpc. Errors are RFC 9457 problem details with a `reason`.',
    baseUrl: `${options.publicUrl}${REST_PATH}`,
    openApiVersion: '3.1.0',
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  });
  const operations = new Map(
    Object.values(document.paths ?? {})
      .flatMap((item) => [item.get, item.post, item.patch, item.put, item.delete])
      .flatMap((operation) => (operation ? [[operation.operationId, operation] as const] : [])),
  );
  for (const procedure of restProcedures()) {
    const operation = operations.get(procedure.path.replaceAll('.', '-'));
    if (operation) describe(operation, procedure);
  }
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { Problem: PROBLEM },
    },
  };
}

type Operation = NonNullable<NonNullable<NonNullable<Document['paths']>[string]>['get']>;

/** Says what the generator can't know: the success status, the errors as they are, and what a caller must send. */
function describe(operation: Operation, { meta }: RestProcedure): void {
  const access = meta.access ?? 'public';
  const status = meta.successStatus ?? 200;
  const answers = new Map<string, unknown>(Object.entries(operation.responses ?? {}));
  operation.responses = Object.fromEntries([
    [String(status), status === 204 ? { description: 'Done' } : answers.get('200')],
    [
      'default',
      {
        description: `Problem: ${commonReasons(access).join(', ')}, …`,
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ],
  ]);
  operation.security = NEEDS_TOKEN.has(access) ? [{ bearer: [] }] : [];
  if (NEEDS_TENANT.has(access)) {
    operation.parameters = [
      ...(operation.parameters ?? []),
      {
        in: 'header',
        name: 'X-Tenant-Slug',
        required: true,
        schema: { type: 'string' },
        description: 'The slug of the tenant that the token is for',
      },
    ];
  }
}

function commonReasons(access: string): Reason[] {
  return [
    'VALIDATION_FAILED',
    ...(NEEDS_TOKEN.has(access) ? (['UNAUTHENTICATED', 'FORBIDDEN'] as const) : []),
    ...(NEEDS_TENANT.has(access) ? (['TENANT_REQUIRED', 'TENANT_MISMATCH', 'TENANT_NOT_FOUND'] as const) : []),
  ];
}
