/**
 * API keys: made with their record for the key file, and checked against it; by Web Crypto, so that the command, the server and an edge gateway
 * share it. Only a SHA-256 is kept: a key is 256 random bits, no password.
 */
import * as v from 'valibot';
import { SCOPES, type Scope } from './routes.ts';

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

/** A key file that cannot be used; the message names every fault. */
export class KeyFileError extends Error {
  override readonly name: string = 'KeyFileError';
}

/**
 * The text of a key file -> its records.
 * @throws KeyFileError
 */
export function parseKeyFile(text: string): readonly KeyRecord[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new KeyFileError(`A key file must be JSON, this one is not: ${(cause as Error).message}`, { cause }); // JSON.parse throws errors alone
  }
  const parsed = v.safeParse(keyFileSchema, content);
  if (parsed.success) return parsed.output.keys;
  throw new KeyFileError(parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`).join('; '));
}

/**
 * Records -> the text of a key file.
 * @throws KeyFileError when a record is not what `parseKeyFile` takes
 */
export function formatKeyFile(keys: readonly KeyRecord[]): string {
  const text = `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`;
  parseKeyFile(text);
  return text;
}

/** @returns the key, to be shown once, and its record, to be kept */
export async function createApiKey(facts: Omit<KeyRecord, 'id' | 'sha256'>): Promise<{ readonly key: string; readonly record: KeyRecord }> {
  const id = toHex(crypto.getRandomValues(new Uint8Array(6)));
  const key = `fw_${id}_${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
  return { key, record: { id, sha256: await digest(key), ...facts } };
}

/** @returns the record of a known, living key; takes the same time for every wrong key */
export async function findKey(records: readonly KeyRecord[], key: string, now: Date): Promise<KeyRecord | undefined> {
  const [, id] = /^fw_([0-9a-f]{12})_[\w-]{43}$/.exec(key) ?? [];
  const record = records.find((r) => r.id === id);
  // Compared also for an id that is not known, so that the time does not tell which ids are.
  const same = equalsInConstantTime(await digest(key), record?.sha256 ?? '0'.repeat(64));
  if (record === undefined || !same) return undefined;
  return record.expiresAt !== undefined && new Date(record.expiresAt) <= now ? undefined : record;
}

const keyFileSchema = v.strictObject({
  version: v.literal(1),
  keys: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/, 'must be 12 hexadecimal digits')),
        name: v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(64, 'must have at most 64 letters')),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')),
        scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1, 'must be one or several')),
        ratePerMinute: v.optional(v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(0, 'must not be below 0'))),
        expiresAt: v.optional(v.pipe(v.string(), v.isoTimestamp('must be a time such as 2027-01-01T00:00:00Z'))),
      }),
    ),
    v.check((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'every id must be there once'),
  ),
});

async function digest(key: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))));
}

/** Of two texts of one length. */
function equalsInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
