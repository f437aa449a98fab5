import { expect, test } from 'vitest';
import { z } from 'zod';
import { procedures } from '../matrix/procedures.ts';

// A stolen access token gives access until it expires, and cannot be used to get longer access.
const objectSchema = z.object({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
});

test('each procedure that gives a refresh token asks for a refresh token or a password beside the access token', () => {
  const givers = procedures().filter(
    ({ output }) => output && JSON.stringify(z.toJSONSchema(output)).includes('refreshToken'),
  );
  const proofs = givers.map(({ path, input }) => {
    const { required } = objectSchema.parse(input && z.toJSONSchema(input, { io: 'input' }));
    return [path, required.filter((field) => ['refreshToken', 'password', 'currentPassword'].includes(field))];
  });
  expect(Object.fromEntries(proofs)).toEqual({
    'auth.login': ['password'],
    'auth.refresh': ['refreshToken'],
    'auth.switchTenant': ['refreshToken'],
    'auth.changePassword': ['currentPassword'],
  });
});
