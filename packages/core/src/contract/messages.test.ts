import { describe, expect, it } from 'vitest';
import { ERROR_TABLE, RESTORE_FIELDS, ROUTES } from './index.ts';

describe('the error table', () => {
  it('gives every code an error status', () => {
    for (const { status } of Object.values(ERROR_TABLE)) expect(status >= 400 && status <= 599).toBe(true);
  });
  it('asks to come again only where the request itself is right', () => {
    const retryable = Object.values(ERROR_TABLE).filter((entry) => entry.retryable);
    for (const { status } of retryable) expect([408, 409, 429, 499, 500, 502, 503, 504]).toContain(status);
  });
  it('asks to come again at every 429 and 503', () => {
    for (const { status, retryable } of Object.values(ERROR_TABLE)) if (status === 429 || status === 503) expect(retryable).toBe(true);
  });
});

describe('routes and fields', () => {
  it('are distinct', () => {
    const paths = Object.values(ROUTES);
    expect(new Set(paths).size).toBe(paths.length);
    expect(new Set(RESTORE_FIELDS).size).toBe(RESTORE_FIELDS.length);
  });
});
