import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../testing/run-command.ts';
import { type FoundInputs, findInputs } from './find-inputs.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await makeFolder();
  await mkdir(join(cwd, 'photos/deep'), { recursive: true });
  for (const name of ['one.jpg', 'note.txt', 'photos/b.PNG', 'photos/a.jpeg', 'photos/a.restored.jpeg', 'photos/a.compare.jpeg', 'photos/deep/c.avif'])
    await writeFile(join(cwd, name), '1234');
});
afterEach(() => rm(cwd, { recursive: true }));
const find = (words: string[], recursive = false): Promise<FoundInputs> => findInputs(words, { cwd, recursive });
const shown = ({ inputs }: FoundInputs): string[] => inputs.map((input) => input.shown);

describe('finding inputs', () => {
  it('takes a named file whatever its ending, with its size', async () => {
    expect(await find(['note.txt'])).toEqual({ inputs: [{ shown: 'note.txt', path: join(cwd, 'note.txt'), below: 'note.txt', sizeBytes: 4 }], oneFile: true });
  });

  it('takes the pictures of a folder in order, not what this command wrote', async () => {
    const found = await find(['photos']);
    expect(shown(found)).toEqual(['photos/a.jpeg', 'photos/b.PNG']);
    expect(found.oneFile).toBe(false);
  });

  it('walks down when asked and remembers the place below', async () => {
    const { inputs } = await find(['photos'], true);
    expect(inputs.map((input) => 'below' in input && input.below)).toEqual(['a.jpeg', 'b.PNG', 'deep/c.avif']);
  });

  it('takes each file once, however often it is named', async () => {
    expect(shown(await find(['one.jpg', './one.jpg', '*.jpg', join(cwd, 'one.jpg')]))).toEqual(['one.jpg']);
  });

  it('names what it did not find and goes on', async () => {
    const { inputs } = await find(['gone.jpg', '*.gone', 'one.jpg']);
    expect(inputs.map((input) => ('error' in input ? input.error.code : input.shown))).toEqual(['input-not-found', 'input-not-found', 'one.jpg']);
  });

  it('takes a file whose name looks like a pattern as that file', async () => {
    await writeFile(join(cwd, 'a[1].jpg'), '12');
    expect(shown(await find(['a[1].jpg']))).toEqual(['a[1].jpg']);
  });
});
