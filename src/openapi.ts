import { generateOpenApiDocument } from 'trpc-to-openapi';
import { exportInput, exportMeta } from '../routers/audit-export.ts';
import { auditShape } from '../routers/audit-page.ts';
import { appRouter } from '../routers/index.ts';
import { EXPORT_PATH, EXPORT_TYPE } from './audit-export.ts';
import {
  HEADERS,
  headers,
  needsTenant,
  needsToken,
  PROBLEM,
  refusalsOf,
  type Called,
  type Document,
  type Operation,
} from './openapi-answers.ts';
import { REST_PATH, restProcedures, type RestProcedure } from './rest.ts';

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
    if (operation) describeProcedure(operation, procedure);
  }
  return {
    ...document,
    paths: {
      ...document.paths,
      [EXPORT_PATH]: { get: exportOperation(document.paths?.['/audit']?.get?.parameters ?? []) },
    },
    components: { ...document.components, schemas: { Problem: PROBLEM }, headers: HEADERS },
  };
}

/** Says what the generator can't know: the success status, the errors as they are, and what a caller must send. */
function describeProcedure(operation: Operation, { meta, input, type }: RestProcedure): void {
  const status = meta.successStatus ?? 200;
  const parameters = operation.parameters?.length ?? 0;
  const takes = operation.requestBody ? 'body' : input && parameters > 0 ? 'parameters' : 'nothing';
  const answers = new Map<string, unknown>(Object.entries(operation.responses ?? {}));
  const made = answers.get('200');
  const content = status !== 204 && typeof made === 'object' && made !== null && 'content' in made && made.content;
  const success = { description: 'Done', headers: headers(), ...(content !== false && { content }) };
  // Where the path says what is meant, and nothing must be said of it, a body may be left out.
  if (operation.requestBody && 'content' in operation.requestBody && parameters > 0) {
    const schema = operation.requestBody.content['application/json']?.schema;
    operation.requestBody.required = schema !== undefined && 'required' in schema;
  }
  describe(operation, { status, success }, { meta, takes, changes: type === 'mutation' });
}

function describe(operation: Operation, answer: { status: number; success: object }, called: Called): void {
  const { access } = called.meta;
  operation.responses = { ...refusalsOf(called), [String(answer.status)]: answer.success };
  operation.security = needsToken(access) ? [{ bearer: [] }] : [];
  if (needsTenant(access)) {
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

/** What no generator knows of: the one answer that is no JSON. @param filters of `GET /audit`, some of which it has too */
function exportOperation(filters: NonNullable<Operation['parameters']>): Operation {
  const operation: Operation = {
    operationId: 'audit-export',
    summary: "Stream the tenant's audit log, oldest first (admins)",
    tags: ['audit'],
    parameters: filters.filter((filter) => 'name' in filter && filter.name in exportInput.shape),
  };
  const success = {
    description: `Lines of JSON, one for each row: ${Object.keys(auditShape.shape).join(', ')}`,
    headers: { ...headers(), 'Content-Disposition': { required: true, schema: { type: 'string' } } },
    content: { [EXPORT_TYPE]: { schema: { type: 'string' } } },
  };
  describe(operation, { status: 200, success }, { meta: exportMeta, takes: 'parameters', changes: false });
  return operation;
}
