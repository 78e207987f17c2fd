/** `node restore-folder.ts photos restored`: every JPEG of a folder, in TypeScript; one that fails does not stop the rest. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Client, createClient, isRestoreError, type RestoreOptions } from '@fairweather/sdk';

const [from = 'photos', to = 'restored'] = process.argv.slice(2);
const options: RestoreOptions = { remove: ['rain'], output: { quality: 90 } };

async function restoreFolder(client: Client): Promise<void> {
  const names = (await readdir(from)).filter((name) => /\.jpe?g$/i.test(name));
  await mkdir(to, { recursive: true });
  for await (const { input, error, ...done } of client.restoreBatch(
    names.map((name) => join(from, name)),
    options,
  )) {
    if ('image' in done) await writeFile(join(to, basename(input)), new Uint8Array(await done.image.arrayBuffer()));
    console.log(input, isRestoreError(error) ? error.code : 'restored');
  }
}

await using client = createClient({ backend: 'node' });
await restoreFolder(client);
