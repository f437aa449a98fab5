import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { SigningKey } from '../access-token.ts';
import type { SecretKeys } from '../keys.ts';

// How the values of settings are written, and what becomes of them.

export function postgresUrl() {
  return z.url({
    protocol: /^postgres(ql)?$/,
    error: 'must be a postgres:// URL. `bun run dev` starts an embedded PostgreSQL and sets it',
  });
}

export function list<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z
    .string()
    .default('')
    .transform((text) => text.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .pipe(z.array(item));
}

export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .transform((url) => url.replace(/\/+$/, ''));
}

export function origins() {
  const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
    error: 'must be exact origins, as in https://app.example.com',
  });
  return list(origin);
}

export function cidrs() {
  const cidr = z.string().refine(isCidr, 'must be addresses or CIDRs, as in 10.0.0.0/8');
  return list(cidr).transform((ranges) => {
    const block = new BlockList();
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      block.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
    return block;
  });
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

export function jwtKeys() {
  const jwk = z
    .object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), kid: z.string().min(1) })
    .loose();
  return z
    .string({ error: 'is missing: `bun run dev` makes one; in production set a private JWKS of Ed25519 keys' })
    .transform((text, context) => {
      const parsed = z.object({ keys: z.tuple([jwk], jwk) }).safeParse(parseJson(text));
      if (parsed.success) return parsed.data.keys satisfies [SigningKey, ...SigningKey[]];
      context.addIssue('must be a JWKS of private Ed25519 keys, each with kty, crv, x, d and kid');
      return z.NEVER;
    });
}

export function secretKeys() {
  return z
    .string({ error: 'is missing: `bun run dev` makes one; in production set `openssl rand -base64 32`' })
    .transform((text, context): SecretKeys => {
      const [current, ...older] = text.split(',').map((part) => Buffer.from(part.trim(), 'base64'));
      if (current && [current, ...older].every((key) => key.length >= 32)) {
        return { current, all: [current, ...older] };
      }
      context.addIssue('must be keys of 32 bytes or more in base64, comma-separated');
      return z.NEVER;
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
