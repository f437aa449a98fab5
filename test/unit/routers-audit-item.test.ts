import { expect, test } from 'vitest';
import { auditShape, toAuditItem } from '../../routers/audit/page.ts';

// Rows that are older than a check of the table may violate it.
const ROW = {
  id: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa',
  tenantId: null,
  action: 'odd',
  entityType: '',
  entityId: null,
  actorType: 'user',
  actorId: '00000000-0000-0000-0000-000000000001',
  operatorId: null,
  outcome: 'success',
  ipAddress: null,
  userAgent: null,
  requestId: null,
  changes: { name: [null, 'Apollo'] },
  createdAt: new Date(0),
} as const;

test.each([
  [{}, { outcome: 'success', actorType: 'user', changes: { name: [null, 'Apollo'] } }],
  [
    { outcome: 'bogus', changes: {} },
    { outcome: 'failure', changes: { outcome: [null, 'bogus'] } },
  ],
  [
    { actorType: 'alien', changes: {} },
    { actorType: 'anonymous', changes: { actorType: [null, 'alien'] } },
  ],
  [{ changes: [1] }, { changes: { changes: [null, [1]] } }],
  [{ changes: null }, { changes: { changes: [null, null] } }],
  [{ changes: { a: 1, b: [1, 2], c: [1, 2, 3] } }, { changes: { a: [null, 1], b: [1, 2], c: [null, [1, 2, 3]] } }],
])('an old row with %j is shown in the documented shape, with nothing left out', (values, shown) => {
  const item = toAuditItem({ ...ROW, ...values });
  expect(auditShape.parse(item)).toEqual(item);
  expect(item).toMatchObject(shown);
});
