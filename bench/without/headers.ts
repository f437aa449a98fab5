import type * as headers from '../../src/middleware/headers.ts';

/** The id alone, which the context needs. */
export const guardHeaders: typeof headers.guardHeaders = () =>
  function pass(c, next) {
    c.set('requestId', 'bench');
    return next();
  };
