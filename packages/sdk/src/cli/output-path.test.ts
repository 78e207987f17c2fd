import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../testing/run-command.ts';
import { comparePathOf, outputPathOf, planOutputPlace } from './output-path.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await makeFolder();
  await mkdir(join(cwd, 'folder.jpg'));
  await writeFile(join(cwd, 'file.jpg'), '');
});
afterEach(() => rm(cwd, { recursive: true }));
const plan = (typed: string | undefined, oneFile = true, format?: 'png') => planOutputPlace(typed, { cwd, oneFile, format });

describe('where outputs go', () => {
  it.each([
    ['out.png', { kind: 'file', format: 'png' }],
    ['file.jpg', { kind: 'file', format: 'jpeg' }],
    ['out.JPEG', { kind: 'file', format: 'jpeg' }],
    ['folder.jpg', { kind: 'folder' }],
    ['out.jpg/', { kind: 'folder' }],
    ['out', { kind: 'folder' }],
  ])('one picture to %s', async (typed, place) => {
    expect(await plan(typed)).toMatchObject(place);
  });

  it('several pictures: always a folder, never an existing file', async () => {
    expect(await plan('out.jpg', false)).toMatchObject({ kind: 'folder' });
    await expect(plan('file.jpg', false)).rejects.toThrow('-o must be a folder for several pictures, file.jpg is a file.');
  });

  it('refuses an ending we do not write and one that contradicts --format', async () => {
    await expect(plan('out.gif')).rejects.toThrow('-o must end with .jpg, .png, .webp or .avif, got out.gif.');
    await expect(plan('out.jpg', true, 'png')).rejects.toThrow('contradict');
  });
});

describe('names of outputs', () => {
  const input = (below: string) => ({ shown: below, path: `/in/${below}`, below, sizeBytes: 1 });

  it('keep the ending where the container stays, and change it where it does not', () => {
    const folder = { kind: 'folder', path: '/out' } as const;
    expect(outputPathOf(input('a.JPEG'), folder, 'jpeg')).toBe('/out/a.JPEG');
    expect(outputPathOf(input('a.tif'), folder, 'png')).toBe('/out/a.png');
    expect(outputPathOf(input('deep/a.b.png'), folder, 'webp')).toBe('/out/deep/a.b.webp');
    expect(outputPathOf(input('noending'), folder, 'jpeg')).toBe('/out/noending.jpg');
  });

  it('stand beside the input with .restored', () => {
    expect(outputPathOf(input('deep/a.png'), { kind: 'beside' }, 'png')).toBe('/in/deep/a.restored.png');
  });

  it('of comparisons stand beside the output', () => {
    expect(comparePathOf('/out/a.png')).toBe('/out/a.compare.png');
    expect(comparePathOf('/in/a.restored.jpg')).toBe('/in/a.compare.jpg');
  });
});
