/** `--server`: a server's address and key -> what the command restores with, by way of the client; nothing is loaded on this machine. */
import { isRestoreError, RestoreError } from '../errors.ts';
import { createClient } from '../remote.ts';
import type { CommandEngine } from './command-engine.ts';

/** Pictures are handed in as jobs: what the server accepted is not lost with a connection, and Ctrl-C cancels it. @throws RestoreError `invalid-option` */
export function openServer(server: string, key: string | undefined): CommandEngine {
  const client = inOurWords(() => createClient({ baseUrl: server, backend: 'remote', jobs: true, ...(key !== undefined && { apiKey: key }) }));
  return {
    async restore(picture, options) {
      const { image, report } = await client.restore(picture, options).catch(retell);
      return { image: new Uint8Array(await image.arrayBuffer()), mediaType: image.type, report };
    },
    inspect: (picture, options) => client.inspect(picture, options).catch(retell),
    dispose: () => client.dispose(),
  };
}

function inOurWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return retell(error);
  }
}

/** The client speaks of its option `baseUrl`, which is `--server` here. */
function retell(thrown: unknown): never {
  if (!isRestoreError(thrown) || !thrown.message.includes('baseUrl')) throw thrown;
  throw new RestoreError(thrown.code, thrown.message.replace('baseUrl', '--server'), { ...thrown, cause: thrown });
}
