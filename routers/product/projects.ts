import { eq } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { AppError, orNotFound } from '../../core/errors.ts';
import { idSchema } from '../../core/id.ts';
import { now } from '../../db/connection/clock.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { violatesUnique } from '../../db/connection/errors.ts';
import { projects } from '../../db/tables/product/projects.ts';
import { pageOf } from '../paging.ts';
import { about } from '../procedures/audit-entry.ts';
import { adminProcedure, memberProcedure } from '../procedures/levels.ts';
import { idInput, idShape, nameInput, pageInput, pageShape, textInput, time, toPage } from '../shapes.ts';
import { router } from '../procedures/trpc.ts';

const description = textInput(10_000).nullable();
const tags = ['projects'];

const projectShape = z
  .object({ id: idShape, name: z.string(), description: z.string().nullable(), createdAt: time, updatedAt: time })
  .meta({ id: 'Project' });

export const projectsRouter = router({
  create: memberProcedure
    .meta({
      openapi: { method: 'POST', path: '/projects', tags, summary: 'Create a project' },
      refusals: ['CONFLICT'],
      successStatus: 201,
      audit: { action: 'project.create', entityType: 'project' },
    })
    .input(z.strictObject({ name: nameInput, description: description.optional() }))
    .output(projectShape)
    .mutation(async ({ ctx, input }) => {
      const values = { id: uuidv7(), name: input.name, description: input.description ?? null };
      const [row] = await ctx.db.insert(projects).values(values).returning().catch(refuseTakenName);
      const project = orNotFound(row, 'project');
      ctx.auditEntry.note({
        entityId: project.id,
        changes: changesBetween({}, { name: project.name, description: project.description }),
      });
      return toProject(project);
    }),

  list: memberProcedure
    .meta({
      openapi: { method: 'GET', path: '/projects', tags, summary: 'List projects, newest first' },
      audit: { action: 'project.list', entityType: 'project' },
    })
    .input(pageInput)
    .output(pageShape(projectShape))
    .query(async ({ ctx, input }) => {
      const rows = await pageOf(ctx.db.select().from(projects).$dynamic(), projects.id, input);
      return toPage(rows, input.limit, toProject);
    }),

  get: memberProcedure
    .meta({
      openapi: { method: 'GET', path: '/projects/{id}', tags, summary: 'Get a project' },
      refusals: ['NOT_FOUND'],
      audit: { action: 'project.read', entityType: 'project' },
    })
    .input(idInput)
    .output(projectShape)
    .query(async ({ ctx, input }) => {
      const [row] = await ctx.db.select().from(projects).where(eq(projects.id, input.id));
      return toProject(orNotFound(row, 'project'));
    }),

  update: memberProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/projects/{id}', tags, summary: 'Update a project' },
      refusals: ['NOT_FOUND', 'CONFLICT'],
      audit: { action: 'project.update', entityType: 'project' },
    })
    .input(z.strictObject({ id: idSchema, name: nameInput.optional(), description: description.optional() }))
    .use(about('id'))
    .output(projectShape)
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      const [before] = await ctx.db.select().from(projects).where(eq(projects.id, id)).for('update');
      const { name, description: text } = orNotFound(before, 'project');
      const wanted = {
        name: input.name ?? name,
        description: input.description === undefined ? text : input.description,
      };
      const [after] = await ctx.db
        .update(projects)
        .set({ ...wanted, updatedAt: now() })
        .where(eq(projects.id, id))
        .returning()
        .catch(refuseTakenName);
      ctx.auditEntry.note({ changes: changesBetween({ name, description: text }, wanted) });
      return toProject(orNotFound(after, 'project'));
    }),

  delete: adminProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/projects/{id}', tags, summary: 'Delete a project (admins)' },
      refusals: ['NOT_FOUND'],
      successStatus: 204,
      audit: { action: 'project.delete', entityType: 'project' },
    })
    .input(idInput)
    .use(about('id'))
    .output(z.null())
    .mutation(async ({ ctx, input }) => {
      const [row] = await ctx.db.delete(projects).where(eq(projects.id, input.id)).returning();
      const { name, description: text } = orNotFound(row, 'project');
      ctx.auditEntry.note({ changes: changesBetween({ name, description: text }, {}) });
      return null;
    }),
});

type Project = typeof projects.$inferSelect;

function toProject({ createdAt, updatedAt, ...rest }: Project): z.infer<typeof projectShape> {
  return { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

function refuseTakenName(error: unknown): never {
  if (violatesUnique(error, 'projects_name_key')) {
    throw new AppError('CONFLICT', 'A project with this name already exists. Choose another name.', {}, error);
  }
  throw error;
}
