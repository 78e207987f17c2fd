/** Variables of a platform -> the gateway's settings; all faults are named at once. */
import { type KeyRecord, KeyFileError, parseKeyFile } from '@fairweather/core/api-key';
import * as z from 'zod/mini';
import type { GatewaySettings } from './gateway.ts';

export type ReadSettings = {
  readonly gateway: GatewaySettings;
  /** Of results; 0: none is kept. */
  readonly cacheSeconds: number;
  /** Requests of a client; 0: no limit. Workers have a binding for that. */
  readonly ratePerMinute: number;
};

/** What is wrong with the variables: one line each. */
export class GatewaySettingsError extends Error {
  override readonly name: string = 'GatewaySettingsError';
}

const KEEP_BYTES = 1024 * 1024;

/**
 * Names and defaults are listed in the README; empty variables count as absent, others than these are none of ours.
 * @throws GatewaySettingsError
 */
export function readGatewaySettings(variables: Readonly<Record<string, unknown>>): ReadSettings {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  const [keys, fault] = readKeys(set.FAIRWEATHER_KEYS);
  const faults = [...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`), ...(fault === undefined ? [] : [fault])];
  if (!parsed.success || faults.length > 0)
    throw new GatewaySettingsError(`The gateway's variables have faults:\n${faults.map((line) => `  ${line}`).join('\n')}`);
  const { ORIGINS, MAX_BODY_BYTES, ORIGIN_TIMEOUT_MS, HEDGE_MS, CACHE_SECONDS, RATE_PER_MINUTE } = parsed.data;
  return {
    gateway: { origins: ORIGINS, keys, maxBodyBytes: MAX_BODY_BYTES, keepBytes: KEEP_BYTES, originTimeoutMs: ORIGIN_TIMEOUT_MS, hedgeMs: HEDGE_MS },
    cacheSeconds: CACHE_SECONDS,
    ratePerMinute: RATE_PER_MINUTE,
  };
}

const whole = (min: number, max: number, fallback: number): z.ZodMiniType<number> =>
  z._default(
    z.pipe(
      z.coerce.string(),
      z.pipe(
        z.transform((text: string) => (/^\d{1,12}$/.test(text) ? Number(text) : Number.NaN)),
        z.number(range(min, max)).check(z.minimum(min, range(min, max)), z.maximum(max, range(min, max))),
      ),
    ),
    fallback,
  );

function range(min: number, max: number): string {
  return `must be a whole number from ${min} to ${max}`;
}

const schema = z.object({
  ORIGINS: z.pipe(
    z.string('must name the servers: https://gpu-1.example.com, several with commas between'),
    z.pipe(
      z.transform((list: string) => list.split(',').map((entry) => entry.trim())),
      z.array(z.string().check(z.refine(isOrigin, 'must be origins (https://gpu-1.example.com) with commas between'))),
    ),
  ),
  MAX_BODY_BYTES: whole(1024, 1_073_741_824, 33_554_432),
  ORIGIN_TIMEOUT_MS: whole(100, 3_600_000, 150_000),
  HEDGE_MS: whole(0, 3_600_000, 0),
  CACHE_SECONDS: whole(0, 604_800, 0),
  RATE_PER_MINUTE: whole(0, 1_000_000, 0),
});

function isOrigin(entry: string): boolean {
  try {
    return /^https?:/.test(entry) && new URL(entry).origin === entry.replace(/\/$/, '');
  } catch {
    return false; // no address at all
  }
}

/** @returns the keys, or what is wrong with them */
function readKeys(text: unknown): readonly [readonly KeyRecord[] | undefined, string | undefined] {
  if (text === undefined) return [undefined, undefined];
  try {
    return [parseKeyFile(String(text)), undefined];
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    return [undefined, `FAIRWEATHER_KEYS must hold keys as "fairweather keys create" writes them: ${error.message}`];
  }
}
