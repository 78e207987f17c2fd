/**
 * The paper authors' fixtures (`../shared/fixtures/t3`) -> `t3` converted from their stand-in checkpoint, and the arrays that their code gave for it.
 * Made by the recipe at the first call, kept in `.cache/t3-stand-in` (0.5 GB; may be deleted), made anew when a source of it changes.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preparePython } from '../../../../scripts/python-environment.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const FIXTURES = join(ROOT, '../shared/fixtures/t3');
const RECIPE = join(ROOT, 'models/recipe');
const FOLDER = join(ROOT, '.cache/t3-stand-in');
/** What the folder is made of. */
const SOURCES: readonly string[] = [
  ...['convert_reference', 'diffusion', 'macs', 'onnx_graph', 't3/depth_anything_v1', 't3/export', 't3/network', 't3/onnx_pieces'].map((name) =>
    join(RECIPE, `${name}.py`),
  ),
  ...['reference_t3', 'stand_in_t3', 't3_folder'].map((name) => join(RECIPE, 'tests', `${name}.py`)),
  join(RECIPE, 'requirements.txt'),
  ...['generate.py', 'state-dict.tsv', 'case-50x70.npz', 'case-64x96.npz', 'parts.npz'].map((name) => join(FIXTURES, name)),
];

/** An array that the authors' code gave. */
export type ReferenceArray = { readonly dims: readonly number[]; readonly data: Float32Array };

export type StandIn = {
  /** Folder with `manifest.json`; its one model is `t3`. */
  readonly modelsDir: string;
  /** By case and name in the fixtures: `64x96/query_t500`, `parts/alphas_cumprod`. @throws Error when there is none */
  read(name: string): ReferenceArray;
};

/** @throws Error when there is no Python, or the conversion fails */
export function prepareStandIn(): StandIn {
  const hash = createHash('sha256');
  for (const path of SOURCES) hash.update(readFileSync(path));
  const wanted = hash.digest('hex');
  const stamp = join(FOLDER, 'sources.sha256');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) makeFolder(wanted);
  const index = JSON.parse(readFileSync(join(FOLDER, 'arrays.json'), 'utf8')) as Record<string, { readonly dims: readonly number[]; readonly offset: number }>; // written by t3_folder.py
  const numbers = readFileSync(join(FOLDER, 'arrays.bin'));
  return {
    modelsDir: join(FOLDER, 't3'),
    read(name) {
      const entry = index[name];
      if (entry === undefined) throw new Error(`The fixtures have no "${name}"; they have ${Object.keys(index).join(', ')}.`);
      const length = entry.dims.reduce((product, d) => product * d, 1);
      return { dims: entry.dims, data: Float32Array.from({ length }, (_, i) => numbers.readFloatLE(4 * (entry.offset + i))) };
    },
  };
}

function makeFolder(stamp: string): void {
  const python = preparePython(console.log);
  if (python === undefined) throw new Error('Expected Python 3.11 or newer (python3) to convert the stand-in checkpoint, found none; install one.');
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(dirname(FOLDER), { recursive: true });
  const making = mkdtempSync(join(dirname(FOLDER), 't3-making-'));
  try {
    const { status, stderr } = spawnSync(python, [join(RECIPE, 'tests/t3_folder.py'), making], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The stand-in checkpoint could not be converted: ${stderr}`);
    writeFileSync(join(making, 'sources.sha256'), stamp);
    renameSync(making, FOLDER);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
