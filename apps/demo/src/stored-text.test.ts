import { expect, it } from 'vitest';
import { describeDevice, type DeviceFacts } from './stored-text.ts';

const nothing: DeviceFacts = {
  stored: { models: [], engineBytes: 0, otherBytes: 0, totalBytes: 0 },
  isCached: false,
  isKept: true,
  pageBytes: 1_600_000,
  missingBytes: 6_800_000,
};
const full: DeviceFacts = {
  ...nothing,
  stored: { models: [{ name: 'nano', bytes: 3_900_000, precisions: ['fp32'] }], engineBytes: 14_200_000, otherBytes: 17_820, totalBytes: 18_117_820 },
  isCached: true,
  missingBytes: 0,
};

it('says that the device is ready only when both the page and all that restores are here', () => {
  expect(describeDevice(full).state).toBe('ready for offline use');
  expect(describeDevice({ ...full, isCached: false }).state).toBe('not ready for offline use');
  expect(describeDevice({ ...full, isKept: false }).state).toBe('needs the network');
});
it('says what is fetched, where that is known', () => {
  expect(describeDevice(nothing).note).toContain('6.8 MB are fetched with the first picture');
  expect(describeDevice({ ...nothing, missingBytes: undefined }).note).toContain('it is fetched with the first picture');
});
it('lists what lies here, and the sum', () => {
  expect(describeDevice(full).lines).toEqual([
    ['Model nano', '3.9 MB'],
    ['Engine (WebAssembly)', '14.2 MB'],
    ['This page, its samples', '1.6 MB'],
    ['In all', '19.7 MB'],
  ]);
  expect(describeDevice({ ...nothing, pageBytes: 0 }).lines).toEqual([]);
});
