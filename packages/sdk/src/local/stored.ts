/** The cache and the manifest that was seen last -> what is stored on this device, and for what. */
import type { StoredFacts } from '../engine-port.ts';
import type { FileCache } from './file-cache.ts';
import { filesOf, hasPrecision, readCachedManifest } from './manifest.ts';
import { modelFileFacts, type Places, runtimeKeyPrefix, scriptKeyPrefix } from './places.ts';

const ENGINE_PREFIXES: readonly string[] = (['webgpu', 'wasm'] as const).flatMap((backend) => [runtimeKeyPrefix(backend), scriptKeyPrefix(backend)]);

export async function findStored(cache: FileCache, places: Places): Promise<StoredFacts> {
  const [files, manifest] = await Promise.all([cache.list(), readCachedManifest(places.models, cache)]);
  const sizes = new Map(files.map(({ key, bytes }) => [key, bytes]));
  const used = new Set<string>();
  const models = Object.entries(manifest?.models ?? {}).flatMap(([name, model]) => {
    const keysIn = (precision: 'fp32' | 'fp16'): readonly string[] => filesOf(model, precision).map((entry) => modelFileFacts(entry, places.models).key);
    const stored = new Set([...keysIn('fp32'), ...keysIn('fp16')].filter((key) => sizes.has(key)));
    for (const key of stored) used.add(key);
    const precisions = (['fp32', 'fp16'] as const).filter((precision) => hasPrecision(model, precision) && keysIn(precision).every((key) => stored.has(key)));
    return stored.size === 0 ? [] : [{ name, precisions, bytes: sum([...stored].map((key) => sizes.get(key) ?? 0)) }];
  });
  const ofEngine = (key: string): boolean => ENGINE_PREFIXES.some((prefix) => key.startsWith(prefix));
  const engineBytes = sum(files.filter(({ key }) => ofEngine(key)).map(({ bytes }) => bytes));
  const otherBytes = sum(files.filter(({ key }) => !ofEngine(key) && !used.has(key)).map(({ bytes }) => bytes));
  return { models, engineBytes, otherBytes, totalBytes: sum([...sizes.values()]) };
}

function sum(bytes: readonly number[]): number {
  return bytes.reduce((total, each) => total + each, 0);
}
