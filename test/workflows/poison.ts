import { randomUUID } from 'node:crypto';

/** Harmful rows that code with a tenant's role could insert. */
export const POISON: [kind: string, payload: string][] = [
  ['email.send', 'null'],
  ['email.send', '[]'],
  ['email.send', `{"template":"invite","inviteId":"${'x'.repeat(5_000_000)}"}`],
  ['email.send', '{}'],
  ['email.send', '{"template":"no-such-template"}'],
  ['email.send', '{"template":"invite","inviteId":"no id"}'],
  ['email.send', '{"template":"invite"}'],
  ['email.send', `{"template":"invite","inviteId":"${randomUUID()}","to":"eve@example.com"}`],
  ['email.send', `{"template":"invite","inviteId":"${randomUUID()}","messageId":"mine"}`],
  ['email.send', '{"template":{"toString":1},"__proto__":{"inviteId":1}}'],
  ['email.send', `{"template":"invite","inviteId":["${randomUUID()}"]}`],
  ['made.up', '{}'],
  ['constructor.name', '{}'],
  ['tenant.provision', '{}'],
];
