import { generateOpenApiDocument } from 'trpc-to-openapi';
import { exportInput, exportMeta } from '../../routers/audit/export.ts';
import { auditShape } from '../../routers/audit/page.ts';
import { appRouter } from '../../routers/index.ts';
import { EXPORT_PATH, EXPORT_TYPE } from '../rest/audit-export.ts';
import {
  HEADERS,
  headers,
  needsTenant,
  needsToken,
  refusalResponse,
  refusalsOf,
  type Called,
  type Refusal,
} from './answers.ts';
import { nameParameters, nameSchemas } from './names.ts';
import { problemSchemas } from './problem-schemas.ts';
import type { Document, Operation } from './types.ts';
import { descriptionOf, tagsOf } from './words.ts';
import { REST_PATH, restProcedures, type RestProcedure } from '../rest/mount.ts';

const DESCRIPTION = `The same procedures are available over tRPC at /trpc. Errors are RFC 9457 problem details with a \`reason\`.

The server answers 431 without a body if the URL and headers of a request are larger than 16 KiB together.`;

/**
 * Generates the OpenAPI 3.1 document of the REST API from the routers.
 * @throws Error if two shapes have the same name
 */
export function openApiDocument(options: { publicUrl: string; version: string }): Document {
  const document = generateOpenApiDocument(appRouter, {
    title: 'Atrium',
    version: options.version,
    description: DESCRIPTION,
    contact: { name: 'Atrium', url: options.publicUrl },
    license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    baseUrl: `${options.publicUrl}${REST_PATH}`,
    openApiVersion: '3.1.0',
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  });
  const operations = new Map(
    Object.values(document.paths ?? {})
      .flatMap((item) => [item.get, item.post, item.patch, item.put, item.delete])
      .flatMap((operation) => (operation ? [[operation.operationId, operation] as const] : [])),
  );
  const refusals = new Map<string, Refusal>();
  for (const procedure of restProcedures()) {
    const operation = operations.get(procedure.path.replaceAll('.', '-'));
    if (operation) describeProcedure(operation, procedure, refusals);
  }
  const auditExport = exportOperation(document.paths?.['/audit']?.get?.parameters ?? [], refusals);
  const all = [...operations.values(), auditExport];
  const schemas = nameSchemas(document, all);
  for (const [name, schema] of Object.entries(
    problemSchemas([...refusals.values()].flatMap(({ reasons }) => reasons)),
  )) {
    if (name in schemas) throw new Error(`OpenAPI: no shape may be named ${name}: a problem is`);
    schemas[name] = schema;
  }
  return {
    ...document,
    tags: tagsOf(new Set(all.flatMap(({ tags = [] }) => tags))),
    paths: { ...document.paths, [EXPORT_PATH]: { get: auditExport } },
    components: {
      ...document.components,
      schemas,
      parameters: nameParameters(all),
      responses: Object.fromEntries([...refusals].map(([name, refusal]) => [name, refusalResponse(refusal)])),
      headers: HEADERS,
    },
  };
}

/** Adds what the generator does not know: the success status, the errors, and what the caller must send. */
function describeProcedure(
  operation: Operation,
  { meta, input, path, type }: RestProcedure,
  refusals: Map<string, Refusal>,
): void {
  const status = meta.successStatus ?? 200;
  const parameters = operation.parameters?.length ?? 0;
  const takes = operation.requestBody ? 'body' : input && parameters > 0 ? 'parameters' : 'nothing';
  const answers = new Map<string, unknown>(Object.entries(operation.responses ?? {}));
  const generated = answers.get('200');
  const content =
    status !== 204 &&
    typeof generated === 'object' &&
    generated !== null &&
    'content' in generated &&
    generated.content;
  const success = { description: 'Success', headers: headers(), ...(content !== false && { content }) };
  // The server accepts a missing body if the path has parameters and the body has no required fields.
  if (operation.requestBody && 'content' in operation.requestBody && parameters > 0) {
    const schema = operation.requestBody.content['application/json']?.schema;
    operation.requestBody.required = schema !== undefined && 'required' in schema;
  }
  operation.description = [operation.description, descriptionOf(meta, path)].filter(Boolean).join('\n\n');
  describe(operation, { status, success }, { meta, takes, changes: type === 'mutation' }, refusals);
}

function describe(
  operation: Operation,
  answer: { status: number; success: object },
  called: Called,
  refusals: Map<string, Refusal>,
): void {
  const { access } = called.meta;
  const refused = refusalsOf(called);
  for (const refusal of refused) refusals.set(refusal.name, refusal);
  operation.responses = {
    [String(answer.status)]: answer.success,
    ...Object.fromEntries(refused.map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }])),
  };
  operation.security = needsToken(access) ? [{ bearer: [] }] : [];
  if (needsTenant(access)) {
    operation.parameters = [
      ...(operation.parameters ?? []),
      {
        in: 'header',
        name: 'X-Tenant-Slug',
        required: true,
        schema: { type: 'string' },
        description: 'Slug of the tenant that the token is for',
      },
    ];
  }
}

/**
 * Describes the export, which answers NDJSON and is not among the procedures that the generator reads.
 * @param filters the parameters of `GET /audit`; the export has some of them
 */
function exportOperation(filters: NonNullable<Operation['parameters']>, refusals: Map<string, Refusal>): Operation {
  const operation: Operation = {
    operationId: 'audit-export',
    summary: "Export the tenant's audit log as a stream, oldest first (admins)",
    description: descriptionOf(exportMeta),
    tags: ['audit'],
    parameters: filters.filter((filter) => 'name' in filter && filter.name in exportInput.shape),
  };
  const success = {
    description: `One JSON object per line and audit row, with the fields ${Object.keys(auditShape.shape).join(', ')}`,
    headers: { ...headers(), 'Content-Disposition': { required: true, schema: { type: 'string' } } },
    content: { [EXPORT_TYPE]: { schema: { type: 'string' } } },
  };
  describe(operation, { status: 200, success }, { meta: exportMeta, takes: 'parameters', changes: false }, refusals);
  return operation;
}
