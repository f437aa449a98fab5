import { projectsRouter } from './projects.ts';

/** The product's routers, by their nouns in tRPC. A noun of Atrium's does not compile. */
export const productRouters = {
  projects: projectsRouter,
};

/** What the tags of the product's operations mean, for the OpenAPI document. */
export const productTags = {
  projects: 'The example of a tenant resource',
};
