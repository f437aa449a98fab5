import { expectTypeOf, test } from 'vitest';
import { createClient, type AtriumClient } from '../../client/index.ts';

interface Project {
  id: string;
  name: string;
  description: string | null;
  createdAt: string;
  updatedAt: string;
}

test('a caller gets the types of what the server answers', () => {
  expectTypeOf(createClient).returns.toEqualTypeOf<AtriumClient>();
  expectTypeOf<AtriumClient['projects']['get']['query']>().returns.resolves.toEqualTypeOf<Project>();
  expectTypeOf<AtriumClient['projects']['list']['query']>().returns.resolves.toEqualTypeOf<{
    items: Project[];
    nextCursor: string | null;
  }>();
  expectTypeOf<AtriumClient['auth']['register']['mutate']>().returns.resolves.toEqualTypeOf<{
    tenant: { slug: string; status: 'provisioning' };
  }>();
});

test('a call without an answer body resolves', () => {
  expectTypeOf<Awaited<ReturnType<AtriumClient['projects']['delete']['mutate']>>>().not.toBeNever();
  expectTypeOf<Awaited<ReturnType<AtriumClient['auth']['logout']['mutate']>>>().not.toBeNever();
});

test("the client's types ask for the input of each call", () => {
  expectTypeOf<AtriumClient['projects']['get']['query']>().parameter(0).toEqualTypeOf<{ id: string }>();
  expectTypeOf<AtriumClient['projects']['list']['query']>()
    .parameter(0)
    .toEqualTypeOf<{ cursor?: string | undefined; limit?: number | undefined }>();
  expectTypeOf<AtriumClient['projects']['create']['mutate']>().parameter(0).toExtend<{ name: string }>();
  expectTypeOf<Parameters<AtriumClient['auth']['login']['mutate']>[0]>().toEqualTypeOf<{
    email: string;
    password: string;
    tenantSlug?: string | undefined;
  }>();
});

test('a procedure that does not exist does not compile', () => {
  expectTypeOf<AtriumClient>().not.toHaveProperty('nothing');
  expectTypeOf<AtriumClient['projects']>().not.toHaveProperty('purge');
  expectTypeOf<AtriumClient['projects']['get']>().not.toHaveProperty('mutate');
});
