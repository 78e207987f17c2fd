import { createApiKey, formatKeyFile } from '@fairweather/core/api-key';
import { describe, expect, it } from 'vitest';
import { GatewaySettingsError, readGatewaySettings } from './read-settings.ts';

describe('the gateway’s variables', () => {
  it('need the servers alone; hedging, cache, rate and keys are off', () => {
    expect(readGatewaySettings({ ORIGINS: 'https://a.example, http://b.example:8080/', PATH: '/bin', HEDGE_MS: '' })).toEqual({
      gateway: {
        origins: ['https://a.example', 'http://b.example:8080/'],
        keys: undefined,
        maxBodyBytes: 33_554_432,
        keepBytes: 1_048_576,
        originTimeoutMs: 150_000,
        hedgeMs: 0,
      },
      cacheSeconds: 0,
      ratePerMinute: 0,
    });
  });
  it('are read as they are named', async () => {
    const { record } = await createApiKey({ name: 'shop', scopes: ['restore'] });
    const { gateway, cacheSeconds, ratePerMinute } = readGatewaySettings({
      ORIGINS: 'https://a.example',
      FAIRWEATHER_KEYS: formatKeyFile([record]),
      HEDGE_MS: '800',
      CACHE_SECONDS: '60',
      RATE_PER_MINUTE: '30',
    });
    expect([gateway.keys, gateway.hedgeMs, cacheSeconds, ratePerMinute]).toEqual([[record], 800, 60, 30]);
  });
  it('are refused with all of their faults at once', () => {
    const read = (): unknown => readGatewaySettings({ ORIGINS: 'gpu-1', HEDGE_MS: '-1', MAX_BODY_BYTES: 'much', FAIRWEATHER_KEYS: '{' });
    expect(read).toThrow(GatewaySettingsError);
    for (const fault of [/ORIGINS.* must be origins/, /HEDGE_MS must be a whole number from 0/, /MAX_BODY_BYTES must be/, /FAIRWEATHER_KEYS must hold keys/])
      expect(read).toThrow(fault);
    expect(() => readGatewaySettings({})).toThrow(/ORIGINS must name the servers/);
  });
});
