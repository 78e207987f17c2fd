/** An absolute path -> as a person would write it where they are: relative when it lies below. */
import { relative } from 'node:path';

export function showPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || short === '' ? path : short;
}
