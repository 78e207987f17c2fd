/** API keys: made with their record for the file, and checked against it. Only a SHA-256 is kept: a key is 256 random bits, no password. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SCOPES, type Scope } from '@fairweather/core/contract';
import { z } from '@hono/zod-openapi';

/** What is kept of a key. */
export type KeyRecord = {
  /** Public part of the key, 12 hexadecimal digits. */
  readonly id: string;
  /** For people and logs. */
  readonly name: string;
  /** SHA-256 of the whole key, hexadecimal. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** Requests a minute; 0 means no limit. The server's own rate when left out. */
  readonly ratePerMinute?: number | undefined;
  /** ISO 8601; the key is refused from then on. */
  readonly expiresAt?: string | undefined;
};

export const keyFileSchema: z.ZodType<{ readonly version: 1; readonly keys: readonly KeyRecord[] }> = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{12}$/),
        name: z.string().min(1).max(64),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        scopes: z.array(z.enum(SCOPES)).min(1),
        ratePerMinute: z.int().min(0).optional(),
        expiresAt: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'every id once'),
});

/** @returns the key, to be shown once, and its record, to be kept */
export function createApiKey(
  facts: Omit<KeyRecord, 'id' | 'sha256'>,
  random: (bytes: number) => Buffer = randomBytes,
): { readonly key: string; readonly record: KeyRecord } {
  const id = random(6).toString('hex');
  const key = `fw_${id}_${random(32).toString('base64url')}`;
  return { key, record: { id, sha256: digest(key).toString('hex'), ...facts } };
}

/** @returns the record of a known, living key; takes the same time for every wrong key of an id */
export function findKey(records: readonly KeyRecord[], key: string, now: Date): KeyRecord | undefined {
  const [, id] = /^fw_([0-9a-f]{12})_[\w-]{43}$/.exec(key) ?? [];
  const record = records.find((r) => r.id === id);
  // Compared also for an id that is not known, so that the time does not tell which ids are.
  const same = timingSafeEqual(digest(key), Buffer.from(record?.sha256 ?? '0'.repeat(64), 'hex'));
  if (record === undefined || !same) return undefined;
  return record.expiresAt !== undefined && new Date(record.expiresAt) <= now ? undefined : record;
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
