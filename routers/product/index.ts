import { projectsRouter } from './projects.ts';

/** The product's routers, by their names in tRPC. The name of one of Atrium's routers does not compile. */
export const productRouters = {
  projects: projectsRouter,
};

/** The descriptions of the product's tags in the OpenAPI document. */
export const productTags = {
  projects: 'The example of a tenant resource',
};
