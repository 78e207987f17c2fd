import { describe, expect, it } from 'vitest';
import { createApiKey, findKey, keyFileSchema } from './api-key.ts';

const now = new Date('2026-01-01T00:00:00Z');
const { key, record } = createApiKey({ name: 'shop', scopes: ['restore'] });
const other = createApiKey({ name: 'other', scopes: ['inspect'], expiresAt: '2025-12-31T23:59:59Z' });
const records = [record, other.record];

describe('an API key', () => {
  it('is found by its record, which does not hold it', () => {
    expect(findKey(records, key, now)).toBe(record);
    expect(JSON.stringify(records)).not.toContain(key.slice(-43));
  });
  it('is refused when a single letter differs, with the id of another one, and when it is no key at all', () => {
    const last = key.endsWith('A') ? 'B' : 'A';
    for (const wrong of [`${key.slice(0, -1)}${last}`, key.replace(record.id, other.record.id), '', 'fw_', key.toUpperCase(), `${key}A`])
      expect(findKey(records, wrong, now)).toBeUndefined();
  });
  it('is refused once it has expired', () => {
    expect(findKey(records, other.key, now)).toBeUndefined();
    expect(findKey(records, other.key, new Date('2025-12-31T23:59:58Z'))).toBe(other.record);
  });
  it('has a record the key file takes; two of one id it does not', () => {
    expect(keyFileSchema.safeParse({ version: 1, keys: records }).success).toBe(true);
    expect(keyFileSchema.safeParse({ version: 1, keys: [record, record] }).success).toBe(false);
    expect(keyFileSchema.safeParse({ version: 1, keys: [{ ...record, scopes: ['everything'] }] }).success).toBe(false);
  });
});
