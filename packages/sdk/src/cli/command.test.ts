/** The built command, started for real on real files with the installed models. */
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, paintPicture, runCommand } from '../../testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => rm(folder, { recursive: true }));
const at = (...names: string[]): string => join(folder, ...names);
const run = (...words: string[]) => runCommand(folder, words);

describe('fairweather restore', () => {
  it('restores one picture into the file that was named, and says what weather it found', async () => {
    await paintPicture(at('in.jpg'));
    const { code, stdout, stderr } = await run('restore', 'in.jpg', '-o', 'out.jpg');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^in\.jpg → out\.jpg {3}\S.* m?s\n$/);
    expect(await sharp(at('out.jpg')).metadata()).toMatchObject({ format: 'jpeg', width: 48, height: 32 });
  });

  it('writes beside the input without -o, and leaves its own outputs alone when it is called again', async () => {
    await paintPicture(at('in.png'));
    expect((await run('restore', '.')).code).toBe(0);
    expect(await readdir(folder)).toEqual(['in.png', 'in.restored.png']);
    const again = await run('restore', '.');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('in.restored.png exists; write it anew with --force');
    expect((await run('restore', '.', '--force')).code).toBe(0);
    expect(await readdir(folder)).toEqual(['in.png', 'in.restored.png']);
  });

  it('keeps names and containers in an output folder, and gives what we cannot write as png', async () => {
    for (const name of ['a.png', 'b.JPG', 'c.webp', 'd.gif']) await paintPicture(at(name));
    const { code, lines } = await run('restore', 'a.png', 'b.JPG', 'c.webp', 'd.gif', '-o', 'out', '--json');
    expect(code).toBe(0);
    expect((await readdir(at('out'))).sort()).toEqual(['a.png', 'b.JPG', 'c.webp', 'd.png']);
    for (const [name, format] of [
      ['a.png', 'png'],
      ['b.JPG', 'jpeg'],
      ['c.webp', 'webp'],
      ['d.png', 'png'],
    ] as const)
      expect((await sharp(at('out', name)).metadata()).format).toBe(format);
    expect(lines.map(({ output }) => output)).toEqual(['out/a.png', 'out/b.JPG', 'out/c.webp', 'out/d.png']);
  });

  it('prints one line of JSON a picture: input, output, weather, timings', async () => {
    await paintPicture(at('in.png'));
    const { lines } = await run(
      'restore',
      'in.png',
      '-o',
      'out.png',
      '--json',
      '--seed',
      '5',
      '--steps',
      '1',
      '--strength',
      '0.5',
      '--scale',
      '0.5',
      '--remove',
      'rain,haze',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      input: 'in.png',
      output: 'out.png',
      seed: 5,
      steps: 1,
      strength: 0.5,
      scale: { factor: 0.5 },
      removed: ['rain', 'haze'],
      backend: 'cpu',
      warnings: [],
    });
    const { weather, timings } = lines[0] as { weather: { weather: string; presence: number }[]; timings: Record<string, number> };
    expect(weather.map((finding) => finding.weather)).toEqual(['rain', 'snow', 'haze', 'raindrop']);
    expect(timings.total).toBeGreaterThanOrEqual(timings.restore as number);
  });

  it('reports a bad file and restores the rest', async () => {
    await paintPicture(at('a.jpg'));
    await writeFile(at('b.jpg'), 'this is text');
    await writeFile(at('c.jpg'), '');
    await paintPicture(at('d.jpg'));
    const { code, lines, stderr } = await run('restore', 'a.jpg', 'b.jpg', 'c.jpg', 'missing.jpg', 'd.jpg', '-o', 'out', '--json');
    expect(code).toBe(1);
    expect(lines.map(({ input, error }) => [input, (error as { code: string } | undefined)?.code])).toEqual([
      ['a.jpg', undefined],
      ['b.jpg', 'unsupported-format'],
      ['c.jpg', 'empty-input'],
      ['missing.jpg', 'input-not-found'],
      ['d.jpg', undefined],
    ]);
    expect(await readdir(at('out'))).toEqual(['a.jpg', 'd.jpg']);
    expect(stderr).toContain('2 of 5 restored, 3 failed.');
  });

  it('takes folders and patterns, walks down when asked, and keeps places below the output folder', async () => {
    await mkdir(at('photos', 'deep'), { recursive: true });
    for (const name of ['photos/a.jpg', 'photos/b.png', 'photos/deep/c.jpg']) await paintPicture(at(name));
    await writeFile(at('photos', 'notes.txt'), 'no picture');
    expect((await run('restore', 'photos', '-o', 'flat')).code).toBe(0);
    expect(await readdir(at('flat'))).toEqual(['a.jpg', 'b.png']);
    expect((await run('restore', 'photos', '-r', '-o', 'tree')).code).toBe(0);
    expect((await readdir(at('tree'), { recursive: true })).sort()).toEqual(['a.jpg', 'b.png', 'deep', 'deep/c.jpg']);
    expect((await run('restore', 'photos/**/*.jpg', '-o', 'glob')).code).toBe(0);
    expect(await readdir(at('glob'))).toEqual(['a.jpg', 'c.jpg']);
  });

  it('never writes over its input, not even with --force', async () => {
    await paintPicture(at('in.png'));
    const before = await readFile(at('in.png'));
    const { code, stderr } = await run('restore', 'in.png', '-o', '.', '--force');
    expect(code).toBe(1);
    expect(stderr).toContain('in.png is the input; name another output with -o. (output-exists)');
    expect(await readFile(at('in.png'))).toEqual(before);
  });

  it('refuses two inputs that would become one output', async () => {
    await mkdir(at('x'));
    await mkdir(at('y'));
    await paintPicture(at('x/same.png'));
    await paintPicture(at('y/same.png'));
    const { code, lines } = await run('restore', 'x/same.png', 'y/same.png', '-o', 'out', '--json', '--force');
    expect(code).toBe(1);
    expect(lines[1]).toMatchObject({ input: 'y/same.png', error: { code: 'output-collides' } });
  });

  it('writes both pictures side by side with --compare', async () => {
    await paintPicture(at('in.png'));
    const { code, lines } = await run('restore', 'in.png', '-o', 'out.png', '--compare', '--json');
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({ output: 'out.png', compare: 'out.compare.png' });
    expect(await sharp(at('out.compare.png')).metadata()).toMatchObject({ width: 48 + 8 + 48, height: 32 });
    const half = (left: number) => sharp(at('out.compare.png')).extract({ left, top: 0, width: 48, height: 32 }).raw().toBuffer();
    expect(await half(0)).toEqual(await sharp(at('in.png')).raw().toBuffer());
    expect(await half(56)).toEqual(await sharp(at('out.png')).raw().toBuffer());
  });

  it('looks for the comparison before the work, too', async () => {
    await paintPicture(at('in.png'));
    await writeFile(at('out.compare.png'), 'something of value');
    const { code, stderr } = await run('restore', 'in.png', '-o', 'out.png', '--compare');
    expect(code).toBe(1);
    expect(stderr).toContain('out.compare.png exists');
    expect((await readdir(folder)).sort()).toEqual(['in.png', 'out.compare.png']);
  });

  it('gives the same picture for the same seed, and the input for a strength of 0', async () => {
    await paintPicture(at('in.png'));
    for (const [output, ...words] of [
      ['a.png', '--seed', '1'],
      ['b.png', '--seed', '1'],
      ['c.png', '--strength', '0'],
    ] as const)
      await run('restore', 'in.png', '-o', output, ...words);
    const pixels = (name: string) => sharp(at(name)).raw().toBuffer();
    expect(await pixels('a.png')).toEqual(await pixels('b.png'));
    expect(await pixels('c.png')).toEqual(await pixels('in.png'));
    expect(await pixels('a.png')).not.toEqual(await pixels('in.png'));
  });

  it('writes the container, quality and metadata that are asked for', async () => {
    await sharp({ create: { width: 40, height: 24, channels: 3, background: 'grey' } })
      .withExif({ IFD0: { Artist: 'Someone' } })
      .jpeg()
      .toFile(at('in.jpg'));
    await run('restore', 'in.jpg', '-o', 'kept.webp', '--quality', '50');
    await run('restore', 'in.jpg', '-o', 'stripped.jpg', '--metadata', 'strip');
    const kept = await sharp(at('kept.webp')).metadata();
    expect([kept.format, kept.exif?.includes('Someone')]).toEqual(['webp', true]);
    expect((await sharp(at('stripped.jpg')).metadata()).exif).toBeUndefined();
  });

  it.each([
    [['restore'], 'missing required argument'],
    [['restore', 'in.png', '--strength', '2'], 'It must be a number from 0 to 1.'],
    [['restore', 'in.png', '--seed', '1.5'], 'It must be a whole number from 0 to 4294967295.'],
    [['restore', 'in.png', '--steps', '3'], 'It must be 1 or 2.'],
    [['restore', 'in.png', '--scale', '2'], 'It must be native, auto, or a number from 0.05 to 1.'],
    [['restore', 'in.png', '--remove', 'sunshine'], 'knows rain, snow, haze, raindrop, not sunshine'],
    [['restore', 'in.png', '--model', 'huge'], 'There is no model "huge"; the manifest has nano'],
    [['restore', 'in.png', '--format', 'bmp'], 'Allowed choices are jpeg, png, webp, avif'],
    [['restore', 'in.png', '--format', 'png', '--quality', '50'], 'png is lossless'],
    [['restore', 'in.png', '-o', 'out.bmp'], '-o must end with .jpg, .png, .webp or .avif'],
    [['restore', 'in.png', '-o', 'out.jpg', '--format', 'webp'], 'contradict each other'],
    [['restore', 'in.png', 'in.png', '.', '-o', 'taken.txt'], '-o must be a folder for several pictures'],
    [['restor', 'in.png'], 'Did you mean restore?'],
    [['restore', '--blur', 'in.png'], "unknown option '--blur'"],
  ])('ends with 2 and does nothing when called wrongly: %s', async (words, sentence) => {
    await paintPicture(at('in.png'));
    await paintPicture(at('other.png'));
    await writeFile(at('taken.txt'), '');
    const { code, stderr, stdout } = await run(...words);
    expect(stderr).toContain(sentence);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual(['in.png', 'other.png', 'taken.txt']);
  });

  it('ends with 130 at Ctrl-C, keeps what is done and leaves no half picture', async () => {
    await paintPicture(at('a.png'));
    await paintPicture(at('b.png'), { width: 2400, height: 1600 });
    let sent = false;
    const { code, stderr, lines } = await runCommand(folder, ['restore', 'a.png', 'b.png', '-o', 'out', '--json'], {
      onOutput: (stdout, kill) => {
        if (!sent && stdout.includes('"input":"a.png"')) kill('SIGINT');
        sent ||= stdout.includes('"input":"a.png"');
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain('Interrupted: 1 of 2 restored.');
    expect(lines).toHaveLength(1);
    expect(await readdir(at('out'))).toEqual(['a.png']);
  });
});

describe('fairweather inspect', () => {
  it('draws a bar for each weather', async () => {
    await paintPicture(at('in.png'));
    const { code, stdout } = await run('inspect', 'in.png');
    expect(code).toBe(0);
    const [head, ...bars] = stdout.trimEnd().split('\n');
    expect(head).toBe('in.png   48 x 32, png');
    expect(bars.map((bar) => bar.trim().split(' ')[0])).toEqual(['rain', 'snow', 'haze', 'raindrop']);
    for (const bar of bars) expect(bar).toMatch(/ [█░]{20} +\d+ %$/);
  });

  it('reports a bad file and looks at the rest', async () => {
    await writeFile(at('a.jpg'), 'this is text');
    await paintPicture(at('b.jpg'));
    const { code, lines } = await run('inspect', '.', '--json');
    expect(code).toBe(1);
    expect(lines[0]).toMatchObject({ input: 'a.jpg', error: { code: 'unsupported-format' } });
    expect(lines[1]).toMatchObject({ input: 'b.jpg', picture: { width: 48, height: 32, format: 'jpeg' } });
  });
});

describe('fairweather models', () => {
  it('lists the models with version, sizes and weathers', async () => {
    const { code, lines } = await run('models', 'list', '--json');
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({ name: 'nano', default: true, licence: 'Apache-2.0', weathers: ['rain', 'snow', 'haze', 'raindrop'] });
  });

  it('verifies every file of a model', async () => {
    const { code, lines } = await run('models', 'verify', 'nano', '--json');
    expect(code).toBe(0);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(lines.every(({ ok }) => ok)).toBe(true);
  });

  it('finds a changed file and a missing one, and the command does not run on them', async () => {
    const { lines } = await run('doctor', '--json');
    const source = (lines.find(({ what }) => what === 'models') as { facts: string }).facts.replace(/^.* in /, '');
    const manifest = JSON.parse(await readFile(join(source, 'manifest.json'), 'utf8')) as {
      models: { nano: { promptPool: { file: string }; graphs: { denoiser: { fp32: { file: string } } } } };
    };
    const { promptPool, graphs } = manifest.models.nano;
    await mkdir(at('models', 'weights', 'nano'), { recursive: true });
    await writeFile(at('models', 'manifest.json'), JSON.stringify(manifest));
    const denoiser = await readFile(join(source, graphs.denoiser.fp32.file));
    denoiser[1000] = (denoiser[1000] as number) ^ 1;
    await writeFile(at('models', graphs.denoiser.fp32.file), denoiser);
    await paintPicture(at('in.png'));

    const verified = await run('models', 'verify', '--models', 'models', '--json');
    expect(verified.code).toBe(1);
    const codeOf = (file: string) => (verified.lines.find((line) => line.file === file)?.error as { code: string } | undefined)?.code;
    expect([codeOf(graphs.denoiser.fp32.file), codeOf(promptPool.file)]).toEqual(['model-corrupt', 'model-not-found']);
    const restored = await run('restore', 'in.png', '--models', 'models', '--json');
    expect(restored.code).toBe(1);
    await expect(stat(at('in.restored.png'))).rejects.toThrow('ENOENT');
  });

  it('says how to get a model that cannot be shipped', async () => {
    const { lines } = await run('doctor', '--json');
    const source = (lines.find(({ what }) => what === 'models') as { facts: string }).facts.replace(/^.* in /, '');
    await mkdir(at('bare'), { recursive: true });
    await writeFile(at('bare', 'manifest.json'), await readFile(join(source, 'manifest.json')));
    await paintPicture(at('in.png'));
    expect((await run('models', 'list', '--models', 'bare')).stdout).toMatch(/^t3, not here: .* python convert_reference\.py/m);
    for (const words of [
      ['restore', 'in.png', '--model', 't3'],
      ['inspect', 'in.png', '--model', 't3'],
      ['models', 'verify', 't3'],
    ]) {
      const { code, stderr } = await run(...words, '--models', 'bare');
      expect(code).toBe(2);
      expect(stderr).toMatch(/There is no model "t3"; .* python convert_reference\.py CHECKPOINT\.ckpt -o \.\.\/t3/);
    }
  });

  it('refuses a name there is not', async () => {
    const { code, stderr } = await run('models', 'verify', 'huge');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: There is no model "huge"; the manifest has nano/);
  });
});

describe('fairweather doctor', () => {
  it('says what it found and what would be used', async () => {
    const { code, lines } = await run('doctor', '--json');
    expect(code).toBe(0);
    expect(lines.map(({ what, ok }) => [what, ok])).toEqual(['system', 'inference', 'codec', 'models', 'would use'].map((what) => [what, true]));
    expect((lines[4] as { facts: string }).facts).toMatch(/^nano \S+, fp32, on cpu: CUDA is not installed .* loaded and verified in /);
  });

  it('ends with 1 and names the reason where the models are missing', async () => {
    const { code, stdout } = await run('doctor', '--models', 'nowhere');
    expect(code).toBe(1);
    expect(stdout).toMatch(/BAD models +Expected models in .*nowhere.* \(model-not-found\)/);
  });
});

it.each([[['--help']], [['restore', '--help']], [['inspect', '--help']], [['models', '--help']], [['doctor', '--help']], [['--version']]])(
  '%s ends with 0',
  async (words) => {
    const { code, stdout } = await run(...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(words[0] === '--version' ? /^\d+\.\d+\.\d+\n$/ : /Usage: fairweather/);
  },
);
