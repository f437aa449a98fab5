import { mac, macMatches, type SecretKeys } from '../secret-keys.ts';

// What is signed of the audit log, and how. Each list of parts begins with what it is for and with the version of its
// form: a new column is a new version beside the old one.

/** The chain of the platform's own log; a tenant's is called by the tenant's id. */
export const PLATFORM_CHAIN = '00000000-0000-0000-0000-000000000000';

/** A seal's place and what it seals. */
export interface Link {
  chain: string;
  /** From 1. */
  sequence: number;
  auditId: string;
  /** As PostgreSQL tells it: ISO 8601 in UTC. */
  auditCreatedAt: string;
  /** When it was sealed, in the same form. */
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

/** Where a chain begins: after a seal that was taken away, or after none. */
export interface ChainStart {
  chain: string;
  /** Of the newest seal that was taken away; 0 for none. */
  sequence: number;
  auditId: string | null;
  seal: Buffer | null;
  /** Rows of before this time may be gone; empty where none may. */
  droppedBefore: string;
}

/** What stands before the first seal of all. */
const NOTHING = Buffer.alloc(0);

/** @param text the whole row, in the canonical form that PostgreSQL gives it: see db/audit/canonical-row.ts */
export function macOfRow({ current }: SecretKeys, text: string): Buffer {
  return mac(current, partsOfRow(text));
}

export function rowMatches(keys: SecretKeys, text: string, given: Uint8Array): boolean {
  return macMatches(keys, partsOfRow(text), given);
}

/** @param before the seal before, `null` for the first */
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

/** @param given `null` where nothing was ever taken away: then the chain must begin at its beginning */
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
