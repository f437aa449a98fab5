import { expect, test } from 'vitest';
import { macOfEnd, macOfRow, macOfStart, sealOf } from '../../core/audit/seal-macs.ts';

// The exact bytes that are signed. Seals are kept for years, so a change of the bytes needs a new version.
const key = Buffer.alloc(32, 1);
const keys = { current: key, all: [key] };
const chain = '01a21000-0000-7000-8000-000000000001';
const auditId = '01a21000-0000-7000-8000-000000000002';
const time = '2026-01-02T03:04:05.678000Z';
const seal = Buffer.alloc(32, 2);

test.each([
  ['row', macOfRow(keys, '["x"]'), 'fb12ad3101e190dc1e67c79f2e90871dcaccec14ecfa081dd521a157e619806e'],
  [
    'seal',
    sealOf(
      keys,
      { chain, sequence: 7, auditId, auditCreatedAt: time, sealedAt: time, rowMac: Buffer.alloc(32, 3) },
      seal,
    ),
    'cfae98f0c6f182f1f7912b89e54d9aff253469ec43ef2dac49861aab6a297cbf',
  ],
  [
    'end',
    macOfEnd(keys, { chain, sequence: 7, auditId, seal }),
    'adc6562e5c2526f8a5401efbcd33351529d61f4bf377246d47cfc83cac2f1b3f',
  ],
  [
    'start',
    macOfStart(keys, { chain, sequence: 7, auditId, seal, droppedBefore: time }),
    '20c5ce382266e8365c4eadb23fb696e8eb2bc7b38b4eada04ff1c60c5e658909',
  ],
])('a %s is signed in the same form as existing seals', (_, mac, known) => {
  expect(mac.toString('hex')).toBe(known);
});
