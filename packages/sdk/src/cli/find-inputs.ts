/** Files, folders and globs as they were typed -> the picture files they mean, each once, in order. */
import { stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { CliError } from './cli-error.ts';
import { isOwnOutput, PICTURE_ENDINGS } from './picture-files.ts';

export type InputFile = {
  /** As a person would write it: relative to where the command was called, or absolute if typed so. */
  readonly shown: string;
  /** Absolute. */
  readonly path: string;
  /** Its place below the folder it was found in, or its bare name: what is kept below an output folder. */
  readonly below: string;
  readonly sizeBytes: number;
};

/** What a word on the command line came to. */
export type FoundInput = InputFile | { readonly shown: string; readonly error: CliError };

/** The inputs, and whether one file alone was named (then `-o` may be a file). */
export type FoundInputs = { readonly inputs: readonly FoundInput[]; readonly oneFile: boolean };

/** @param recursive whether folders are walked down */
export async function findInputs(words: readonly string[], { cwd, recursive }: { readonly cwd: string; readonly recursive: boolean }): Promise<FoundInputs> {
  const found: FoundInput[] = [];
  const seen = new Set<string>();
  for (const word of words)
    for (const input of await findWord(word, cwd, recursive)) {
      if ('path' in input && seen.has(input.path)) continue;
      if ('path' in input) seen.add(input.path);
      found.push(input);
    }
  const [only] = found;
  return { inputs: found, oneFile: words.length === 1 && found.length === 1 && only !== undefined && only.shown === words[0] };
}

async function findWord(word: string, cwd: string, recursive: boolean): Promise<readonly FoundInput[]> {
  const path = resolve(cwd, word);
  const facts = await stat(path).catch(() => undefined); // not there: it may still be a pattern
  if (facts?.isDirectory()) return findInFolder(word, path, recursive);
  if (facts !== undefined) return [{ shown: word, path, below: basename(path), sizeBytes: facts.size }];
  if (isDynamicPattern(word)) return findPattern(word, cwd);
  return [
    { shown: word, error: new CliError('input-not-found', `Expected a file, a folder or a pattern, there is nothing named ${word}; check the spelling.`) },
  ];
}

async function findInFolder(word: string, folder: string, recursive: boolean): Promise<readonly FoundInput[]> {
  const names = await glob(recursive ? '**/*' : '*', { cwd: folder, onlyFiles: true });
  const pictures = names.filter((name) => PICTURE_ENDINGS.includes(extname(name).toLowerCase()) && !isOwnOutput(name)).sort();
  if (pictures.length === 0) {
    const hint = recursive ? '' : ', or walk its folders with --recursive';
    return [{ shown: word, error: new CliError('input-not-found', `Expected pictures in the folder ${word}, there are none; name another${hint}.`) }];
  }
  return Promise.all(pictures.map((name) => describeFile(join(word, name), join(folder, name), name)));
}

async function findPattern(word: string, cwd: string): Promise<readonly FoundInput[]> {
  const paths = (await glob(word, { cwd, onlyFiles: true, absolute: true, expandDirectories: false })).filter((path) => !isOwnOutput(path)).sort();
  if (paths.length === 0)
    return [{ shown: word, error: new CliError('input-not-found', `Expected files that match ${word}, there are none; check the pattern.`) }];
  return Promise.all(paths.map((path) => describeFile(word.startsWith('/') ? path : relative(cwd, path), resolve(path), basename(path))));
}

async function describeFile(shown: string, path: string, below: string): Promise<FoundInput> {
  try {
    return { shown, path, below, sizeBytes: (await stat(path)).size };
  } catch (cause) {
    return { shown, error: new CliError('input-unreadable', `${shown} cannot be read: ${(cause as Error).message}`, { cause }) };
  }
}
