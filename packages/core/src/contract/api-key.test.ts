import { describe, expect, it } from 'vitest';
import { createApiKey, findKey, formatKeyFile, parseKeyFile } from './api-key.ts';

const now = new Date('2026-01-01T00:00:00Z');
const { key, record } = await createApiKey({ name: 'shop', scopes: ['restore'] });
const other = await createApiKey({ name: 'other', scopes: ['inspect'], expiresAt: '2025-12-31T23:59:59Z' });
const records = [record, other.record];

describe('an API key', () => {
  it('is found by its record, which does not hold it', async () => {
    expect(await findKey(records, key, now)).toBe(record);
    expect(JSON.stringify(records)).not.toContain(key.slice(-43));
  });
  it('is refused when a single letter differs, with the id of another one, and when it is no key at all', async () => {
    const last = key.endsWith('A') ? 'B' : 'A';
    for (const wrong of [`${key.slice(0, -1)}${last}`, key.replace(record.id, other.record.id), '', 'fw_', key.toUpperCase(), `${key}A`])
      expect(await findKey(records, wrong, now)).toBeUndefined();
  });
  it('is refused once it has expired', async () => {
    expect(await findKey(records, other.key, now)).toBeUndefined();
    expect(await findKey(records, other.key, new Date('2025-12-31T23:59:58Z'))).toBe(other.record);
  });
});

describe('a key file', () => {
  it('gives back the records it was made of', () => {
    expect(parseKeyFile(formatKeyFile(records))).toEqual(records);
  });
  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /must be JSON/],
    ['an id twice', JSON.stringify({ version: 1, keys: [record, record] }), /every id must be there once/],
    ['an unknown scope', JSON.stringify({ version: 1, keys: [{ ...record, scopes: ['everything'] }] }), /keys\.0\.scopes/],
    ['a rate that is none', JSON.stringify({ version: 1, keys: [{ ...record, ratePerMinute: -1 }] }), /keys\.0\.ratePerMinute: must not be below 0/],
    ['another version', JSON.stringify({ version: 2, keys: [] }), /version/],
  ])('is refused with %s, and the fault is named', (_, text, fault) => {
    expect(() => parseKeyFile(text)).toThrow(fault);
  });
});
