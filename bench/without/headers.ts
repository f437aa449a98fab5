import type * as headers from '../../src/middleware/headers.ts';

/** Sets only the request id, which the context needs. */
export const guardHeaders: typeof headers.guardHeaders = () =>
  function pass(c, next) {
    c.set('requestId', 'bench');
    return next();
  };
