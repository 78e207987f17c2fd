import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBlobStore } from '../../testing/blob-suite.ts';
import { openFolderStore } from './folder-store.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairweather-blobs-'));
});
afterAll(() => rm(folder, { recursive: true }));

describeBlobStore('a folder', () => openFolderStore(join(folder, 'suite')));

it('what is older than the time goes, what is younger stays', async () => {
  const path = join(folder, 'sweep');
  const blobs = await openFolderStore(path);
  await blobs.put('old.input', Uint8Array.of(1));
  await blobs.put('new.input', Uint8Array.of(1));
  await utimes(join(path, 'old.input'), 0, 0);
  await blobs.sweep(60_000);
  expect(await readdir(path)).toEqual(['new.input']);
});
