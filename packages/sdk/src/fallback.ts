/** What is asked for and what is there -> which engine works first, and which one steps in when it cannot. */
import type { Backend, Privacy } from './client-options.ts';
import type { Fallback } from './engine-port.ts';
import { isRestoreError, type RestoreError } from './errors.ts';

/** The two places where a picture can be restored. */
export type Place = 'remote' | 'device';

export type Circumstances = {
  readonly backend: Backend;
  readonly privacy: Privacy;
  readonly hasServer: boolean;
  readonly online: boolean;
  /** Why the server was not reached a moment ago. */
  readonly serverDown?: string | undefined;
  /** Why this call cannot go to the server. */
  readonly onDeviceOnly?: string | undefined;
};

/** Places in the order they are tried, and why the server is not the first of them where it would be. */
export type Route = { readonly order: readonly [Place, ...Place[]]; readonly left?: string };

export function planRoute({ backend, privacy, hasServer, online, serverDown, onDeviceOnly }: Circumstances): Route {
  if (backend === 'remote') return { order: ['remote'] };
  if (backend !== 'auto' || privacy === 'on-device' || !hasServer) return { order: ['device'] };
  if (onDeviceOnly !== undefined) return { order: ['device'], left: onDeviceOnly };
  if (!online) return { order: ['device'], left: 'There is no network' };
  if (serverDown !== undefined) return { order: ['device', 'remote'], left: serverDown };
  return { order: privacy === 'prefer-device' ? ['device', 'remote'] : ['remote', 'device'] };
}

/** Faults of the device that a server does not have. */
const DEVICE_FAULTS: readonly string[] = [
  'engine-unavailable',
  'backend-failed',
  'runtime-missing',
  'model-not-found',
  'model-corrupt',
  'manifest-invalid',
  'unsupported-format',
  'encode-failed',
  'storage-full',
  'offline',
  'connection-failed',
];

/** Whether another place may do better. Faults of picture, options and key are the same everywhere. */
export function mayStepDown(failure: unknown, from: Place): failure is RestoreError {
  if (!isRestoreError(failure)) return false;
  return from === 'remote' ? failure.retryable || failure.code === 'bad-response' : DEVICE_FAULTS.includes(failure.code);
}

/** Whether the failure says that the server cannot be reached, so that the next calls need not find out again. */
export function meansServerDown({ code }: RestoreError): boolean {
  return code === 'connection-failed' || code === 'timeout' || code === 'bad-response';
}

/**
 * Tries the places of a route in order.
 * @throws the first place's error where the second one does not exist here, else the last one's; it says what is to be done
 */
export async function followRoute<T>(
  { order, left }: Route,
  work: (place: Place, fallbacks: readonly Fallback[], isLast: boolean) => Promise<T>,
  onFallback: (fallback: Fallback, failure?: RestoreError) => void,
): Promise<T> {
  const fallbacks: Fallback[] = [];
  const note = (fallback: Fallback, failure?: RestoreError): void => {
    fallbacks.push(fallback);
    onFallback(fallback, failure);
  };
  if (left !== undefined) note({ from: 'remote', to: 'device', reason: left });
  let first: RestoreError | undefined;
  for (const [i, place] of order.entries()) {
    const next = order[i + 1];
    try {
      return await work(place, fallbacks, next === undefined);
    } catch (failure) {
      if (next === undefined) throw first !== undefined && isRestoreError(failure) && failure.code === 'engine-unavailable' ? first : failure;
      if (!mayStepDown(failure, place)) throw failure;
      first = failure;
      note({ from: place, to: next, reason: failure.message }, failure);
    }
  }
  throw first; // not reached: the last place returns or throws
}
