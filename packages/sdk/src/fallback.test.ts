import { describe, expect, it } from 'vitest';
import { RestoreError } from './errors.ts';
import { type Circumstances, followRoute, mayStepDown, planRoute } from './fallback.ts';

const usual: Circumstances = { backend: 'auto', privacy: 'server-allowed', hasServer: true, online: true };

describe('the order of places', () => {
  it.each<[string, Partial<Circumstances>, readonly string[]]>([
    ['the server, then the device', {}, ['remote', 'device']],
    ['the device at once without a network', { online: false }, ['device']],
    ['the device alone for what no server takes', { onDeviceOnly: 'pixels' }, ['device']],
    ['the device first after the server was not reached', { serverDown: 'refused' }, ['device', 'remote']],
    ['the device alone without a server', { hasServer: false }, ['device']],
    ['the device first where it is preferred', { privacy: 'prefer-device' }, ['device', 'remote']],
    ['never the server where pictures stay on the device', { privacy: 'on-device' }, ['device']],
    ['the server alone when asked for', { backend: 'remote', online: false, serverDown: 'refused' }, ['remote']],
    ['the device alone when asked for', { backend: 'webgpu' }, ['device']],
  ])('is %s', (_, change, order) => expect(planRoute({ ...usual, ...change }).order).toEqual(order));
});

describe('stepping down', () => {
  const fail = (code: RestoreError['code'], retryable = false): RestoreError => new RestoreError(code, code, { retryable });

  it('leaves a server that cannot, not one that refuses picture, option or key', () => {
    expect([fail('overloaded', true), fail('connection-failed', true), fail('bad-response')].every((error) => mayStepDown(error, 'remote'))).toBe(true);
    expect([fail('corrupt-image'), fail('invalid-option'), fail('unauthorized'), new Error('x')].some((error) => mayStepDown(error, 'remote'))).toBe(false);
  });
  it('leaves a device that cannot, not for faults of the call', () => {
    expect([fail('backend-failed'), fail('unsupported-format'), fail('runtime-missing')].every((error) => mayStepDown(error, 'device'))).toBe(true);
    expect([fail('corrupt-image'), fail('invalid-option'), new DOMException('', 'AbortError')].some((error) => mayStepDown(error, 'device'))).toBe(false);
  });
  it('tells every step with its reason', async () => {
    const told: unknown[] = [];
    const work = async (place: string, fallbacks: readonly unknown[]): Promise<unknown> =>
      place === 'remote' ? Promise.reject(fail('overloaded', true)) : [place, fallbacks];
    const step = { from: 'remote', to: 'device', reason: 'overloaded' };
    expect(await followRoute({ order: ['remote', 'device'] }, work, (fallback) => told.push(fallback))).toEqual(['device', [step]]);
    expect(told).toEqual([step]);
  });
  it('throws the error of the place that exists', async () => {
    const work =
      (code: RestoreError['code']) =>
      (place: string): Promise<never> =>
        Promise.reject(place === 'remote' ? fail('timeout', true) : fail(code));
    await expect(followRoute({ order: ['remote', 'device'] }, work('engine-unavailable'), () => {})).rejects.toThrow('timeout');
    await expect(followRoute({ order: ['remote', 'device'] }, work('offline'), () => {})).rejects.toThrow('offline');
  });
});
