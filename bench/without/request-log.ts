import type * as requestLog from '../../src/middleware/request-log.ts';

export const observe: typeof requestLog.observe = () =>
  function passOn(c, next) {
    c.set('calls', []);
    return next();
  };
