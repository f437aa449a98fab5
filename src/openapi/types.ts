import type { generateOpenApiDocument } from 'trpc-to-openapi';

export type Document = ReturnType<typeof generateOpenApiDocument>;
export type Operation = NonNullable<NonNullable<NonNullable<Document['paths']>[string]>['get']>;
export type Parameter = NonNullable<Operation['parameters']>[number];
export type Components = NonNullable<Document['components']>;
export type Schema = NonNullable<Components['schemas']>[string];
export type Response = NonNullable<Components['responses']>[string];
export type Headers = NonNullable<Components['headers']>;
