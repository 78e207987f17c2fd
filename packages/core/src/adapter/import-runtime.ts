/** An optional peer dependency -> its module, or an error that says how to get it. */
import { RestoreError } from '../errors.ts';

/** @throws RestoreError `runtime-missing` */
export async function importRuntime<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new RestoreError('runtime-missing', `${name} must be installed beside @fairweather/core and work on this machine; run: npm install ${name}`, {
      cause,
      details: { package: name },
    });
  }
}
