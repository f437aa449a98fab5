import { mac, macMatches, type SecretKeys } from '../secret-keys.ts';

// The MACs that protect the audit log. Each list of parts begins with its purpose and the version of its format. A new
// column needs a new version, and the old version stays.

/** The id of the platform's chain. A tenant's chain has the tenant's id. */
export const PLATFORM_CHAIN = '00000000-0000-0000-0000-000000000000';

/** The position of a seal in its chain, and the audit row that it seals. */
export interface Link {
  chain: string;
  /** From 1. */
  sequence: number;
  auditId: string;
  /** As PostgreSQL formats it: ISO 8601 in UTC. */
  auditCreatedAt: string;
  /** When the row was sealed, in the same format. */
  sealedAt: string;
  rowMac: Buffer;
}

/** The newest seal of a chain. */
export interface ChainEnd {
  chain: string;
  sequence: number;
  auditId: string;
  seal: Buffer;
}

/** The start of a chain: after the newest seal that was removed, or at the first seal if none was removed. */
export interface ChainStart {
  chain: string;
  /** The sequence of the newest seal that was removed; 0 if none was. */
  sequence: number;
  auditId: string | null;
  seal: Buffer | null;
  /** Rows older than this time may be missing. Empty if no row may be missing. */
  droppedBefore: string;
}

/** Stands for the previous seal where there is none. */
const NOTHING = Buffer.alloc(0);

/** @param text the whole row in its canonical form: see db/audit/canonical-row.ts */
export function macOfRow({ current }: SecretKeys, text: string): Buffer {
  return mac(current, partsOfRow(text));
}

export function rowMatches(keys: SecretKeys, text: string, given: Uint8Array): boolean {
  return macMatches(keys, partsOfRow(text), given);
}

/** @param before the previous seal; `null` for the first one */
export function sealOf({ current }: SecretKeys, link: Link, before: Buffer | null): Buffer {
  return mac(current, partsOfLink(link, before));
}

export function sealMatches(keys: SecretKeys, link: Link, before: Buffer | null, given: Uint8Array): boolean {
  return macMatches(keys, partsOfLink(link, before), given);
}

export function macOfEnd({ current }: SecretKeys, end: ChainEnd): Buffer {
  return mac(current, partsOfEnd(end));
}

export function endMatches(keys: SecretKeys, end: ChainEnd, given: Uint8Array): boolean {
  return macMatches(keys, partsOfEnd(end), given);
}

export function macOfStart({ current }: SecretKeys, start: ChainStart): Buffer {
  return mac(current, partsOfStart(start));
}

/** @param given the stored MAC; `null` if no seal was ever removed, and then the chain must begin at its first seal */
export function startMatches(keys: SecretKeys, start: ChainStart, given: Uint8Array | null): boolean {
  if (given) return macMatches(keys, partsOfStart(start), given);
  return start.sequence === 0 && start.seal === null && start.droppedBefore === '';
}

function partsOfRow(text: string): string[] {
  return ['audit-row', '1', text];
}

function partsOfLink(link: Link, before: Buffer | null): string[] {
  const { chain, sequence, auditId, auditCreatedAt, sealedAt, rowMac } = link;
  return ['audit-seal', '1', chain, String(sequence), auditId, auditCreatedAt, sealedAt, hex(rowMac), hex(before)];
}

function partsOfEnd({ chain, sequence, auditId, seal }: ChainEnd): string[] {
  return ['audit-end', '1', chain, String(sequence), auditId, hex(seal)];
}

function partsOfStart({ chain, sequence, auditId, seal, droppedBefore }: ChainStart): string[] {
  return ['audit-start', '1', chain, String(sequence), auditId ?? '', hex(seal), droppedBefore];
}

function hex(bytes: Buffer | null): string {
  return (bytes ?? NOTHING).toString('hex');
}
