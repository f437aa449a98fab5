// Each program follows the documentation of its generator, and prints the results as JSON. It compiles only if the errors
// are typed, because it compares with an existing reason and with one that does not exist.

/** Uses the types of openapi-typescript with openapi-fetch. */
export const OPENAPI_FETCH = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.ts';

declare const process: { argv: string[] };
const [, , baseUrl = '', token = '', tenant = ''] = process.argv;
const client = createClient<paths>({ baseUrl });
const inside = { params: { header: { 'X-Tenant-Slug': tenant } }, headers: { Authorization: 'Bearer ' + token } };

const projects = await client.GET('/projects', inside);
const items: components['schemas']['Project'][] = projects.data?.items ?? [];

const nameless = await client.POST('/projects', { ...inside, body: { name: '' } });
if (nameless.error?.reason !== 'VALIDATION_FAILED') throw new Error('expected VALIDATION_FAILED');
const problem: components['schemas']['Problem'] = nameless.error;
const issues: (string | number)[][] = (nameless.error.issues ?? []).map(({ path }) => path);
// @ts-expect-error -- There is no such reason.
if (nameless.error.reason === 'NO_SUCH_REASON') throw new Error();

const nobody = await client.GET('/users/me');
if (nobody.error?.status !== 401) throw new Error('expected 401');
const reason: 'UNAUTHENTICATED' = nobody.error.reason;

console.log(JSON.stringify({ 200: items.map(({ name }) => name), 400: [problem.status, issues], 401: reason }));
`;

/** Uses the client of @hey-api/openapi-ts. */
export const HEY_API = `
import { client } from './hey-api/client.gen.ts';
import { projectsCreate, projectsList, usersMe, type Problem, type Project } from './hey-api/index.ts';

declare const process: { argv: string[] };
const [, , baseUrl = '', token = '', tenant = ''] = process.argv;
client.setConfig({ baseUrl });
const inside = { auth: token, headers: { 'X-Tenant-Slug': tenant } };

const projects = await projectsList(inside);
const items: Project[] = projects.data?.items ?? [];

const nameless = await projectsCreate({ ...inside, body: { name: '' } });
if (nameless.error?.reason !== 'VALIDATION_FAILED') throw new Error('expected VALIDATION_FAILED');
const problem: Problem = nameless.error;
const issues: (string | number)[][] = (nameless.error.issues ?? []).map(({ path }) => path);

const nobody = await usersMe();
if (nobody.error?.status !== 401) throw new Error('expected 401');
const reason: 'UNAUTHENTICATED' = nobody.error.reason;
// @ts-expect-error -- There is no such reason.
if (nobody.error.reason === 'NO_SUCH_REASON') throw new Error();

console.log(JSON.stringify({ 200: items.map(({ name }) => name), 400: [problem.status, issues], 401: reason }));
`;

/** Uses the client of openapi-python-client. It first imports every generated module. */
export const PYTHON = `
import importlib, json, pkgutil, sys

import atrium
from atrium import AuthenticatedClient, Client
from atrium.api.projects import projects_create, projects_list
from atrium.api.users import users_me
from atrium.models import ProjectPage, ProjectsCreateInput, UnauthenticatedProblem, ValidationFailedProblem

for module in pkgutil.walk_packages(atrium.__path__, "atrium."):
    importlib.import_module(module.name)

base_url, token, tenant = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=token, raise_on_unexpected_status=True)

page = projects_list.sync(client=client, x_tenant_slug=tenant)
assert isinstance(page, ProjectPage), page

nameless = projects_create.sync(client=client, x_tenant_slug=tenant, body=ProjectsCreateInput(name=""))
assert isinstance(nameless, ValidationFailedProblem), nameless
problem = [nameless.status, [issue.path for issue in nameless.issues]]

nobody = users_me.sync(client=Client(base_url=base_url, raise_on_unexpected_status=True))
assert isinstance(nobody, UnauthenticatedProblem), nobody

print(json.dumps({200: [item.name for item in page.items], 400: problem, 401: nobody.reason.value}))
`;
