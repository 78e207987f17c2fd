import { createApiKey } from '@fairweather/core/api-key';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const keyFile = JSON.stringify({ version: 1, keys: [(await createApiKey({ name: 'shop', scopes: ['restore'] })).record] });
const faultsOf = (environment: Record<string, string>, readFile?: (path: string) => string): readonly string[] => {
  try {
    readConfig(environment, readFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('the configuration', () => {
  it('is open and bound to this machine by default', () => {
    const { host, port, app, engine } = readConfig({ PATH: '/bin', FAIRWEATHER_BACKEND: '' });
    expect([host, port, app.keys, app.corsOrigins, engine.workers]).toEqual(['127.0.0.1', 8080, undefined, [], 1]);
    expect(app.maxBodyBytes).toBe(33_554_432);
  });
  it('refuses to be open to others', () => {
    expect(faultsOf({ HOST: '0.0.0.0' })).toEqual([expect.stringContaining('HOST must be 127.0.0.1')]);
  });
  it('listens to others once there are keys', () => {
    expect(readConfig({ FAIRWEATHER_KEYS: keyFile }).host).toBe('0.0.0.0');
    expect(readConfig({ FAIRWEATHER_KEYS_FILE: 'keys.json', HOST: '::' }, () => keyFile).app.keys).toHaveLength(1);
  });
  it('names all faults at once', () => {
    const faults = faultsOf({
      PORT: '99999',
      FAIRWEATHER_WORKERS: 'two',
      FAIRWEATHER_BACKEND: 'tpu',
      FAIRWEATHER_MAX_PIXEL: '5',
      FAIRWEATHER_CORS_ORIGINS: 'https://a.example,b.example/x',
      FAIRWEATHER_KEYS_FILE: 'none.json',
      REDIS_URL: 'http://user:hunter2@cache',
    });
    for (const name of [
      'PORT',
      'FAIRWEATHER_WORKERS',
      'FAIRWEATHER_BACKEND',
      'FAIRWEATHER_MAX_PIXEL ',
      'FAIRWEATHER_CORS_ORIGINS',
      'FAIRWEATHER_KEYS_FILE',
      'REDIS_URL',
    ])
      expect(faults.filter((fault) => fault.startsWith(name))).toHaveLength(1);
    expect(faults).toHaveLength(7);
    expect(faults.join()).not.toContain('hunter2');
  });
  it('names what is missing of variables that belong together, and shows no secret', () => {
    const faults = faultsOf({ S3_ENDPOINT: 'https://s3.example', S3_BUCKET: 'b', FAIRWEATHER_WEBHOOK_SECRET: 'hunter2' });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'FAIRWEATHER_WEBHOOK_SECRET',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
      'FAIRWEATHER_WEBHOOK_HOSTS',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });
  it('takes hosts to fetch from and to tell, in small letters', () => {
    const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
    const { fetchHosts, jobs } = readConfig({
      FAIRWEATHER_FETCH_HOSTS: 'A.example, *.b.example:8443',
      FAIRWEATHER_WEBHOOK_HOSTS: '*',
      FAIRWEATHER_WEBHOOK_SECRET: secret,
    });
    expect([fetchHosts, jobs.webhooks]).toEqual([['a.example', '*.b.example:8443'], { hosts: ['*'], secret }]);
    expect(faultsOf({ FAIRWEATHER_FETCH_HOSTS: '*' })).toHaveLength(1);
  });
  it('refuses a key file without keys, and two lists', () => {
    expect(faultsOf({ FAIRWEATHER_KEYS: '{"version":1,"keys":[]}' })).toHaveLength(1);
    expect(faultsOf({ FAIRWEATHER_KEYS: keyFile, FAIRWEATHER_KEYS_FILE: 'keys.json' }, () => keyFile)).toHaveLength(1);
  });
});
