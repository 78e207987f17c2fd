/** What is stored on the device, and whether the page is kept -> sentences and lines for people. */
import type { StoredFacts } from '@fairweather/sdk';

export type DeviceFacts = {
  readonly stored: StoredFacts;
  /** Whether a restoration would find all it needs here. */
  readonly isCached: boolean;
  /** Whether the page itself opens without a network. */
  readonly isKept: boolean;
  readonly pageBytes: number;
  /** What a first restoration would fetch; undefined where that is not known. */
  readonly missingBytes: number | undefined;
};

export type DeviceText = {
  readonly state: string;
  readonly note: string;
  readonly lines: readonly (readonly [what: string, size: string])[];
};

export function describeDevice({ stored, isCached, isKept, pageBytes, missingBytes }: DeviceFacts): DeviceText {
  const { models, engineBytes, otherBytes, totalBytes } = stored;
  const lines: (readonly [string, number])[] = [
    ...models.map(({ name, bytes }) => [`Model ${name}`, bytes] as const),
    ['Engine (WebAssembly)', engineBytes],
    ['No longer of use', otherBytes],
    ['This page, its samples', pageBytes],
  ];
  const shown = lines.filter(([, bytes]) => bytes >= SHOWN_FROM_BYTES);
  return {
    ...(isCached && isKept
      ? { state: 'ready for offline use', note: 'The page, the model and the engine are on this device: it restores without a network.' }
      : isKept
        ? {
            state: 'not ready for offline use',
            note: `The page is here, the engine is not: ${fetched(missingBytes)} with the first picture that is restored here, or now.`,
          }
        : { state: 'needs the network', note: 'This browser does not keep the page: it has to be opened by https, and not in every private window.' }),
    lines: shown.length === 0 ? [] : [...shown, ['In all', totalBytes + pageBytes] as const].map(([what, bytes]) => [what, megabytes(bytes)]),
  };
}

/** A manifest, a page in a private window: not worth a line. */
export const SHOWN_FROM_BYTES = 50_000;

function fetched(bytes: number | undefined): string {
  return bytes === undefined ? 'it is fetched' : `${megabytes(bytes)} are fetched`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
