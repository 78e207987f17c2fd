/** A model's spec and a precision -> the files it needs. */
import { RestoreError } from '../errors.ts';
import type { Precision } from '../options.ts';
import type { GraphFile, GraphFiles, ModelFile, ModelSpec } from './model-spec.ts';

/** A graph's files in the precision asked for, by the graph's name. @throws RestoreError `invalid-option` when the model has no such precision */
export function graphFilesOf(model: string, spec: ModelSpec, precision: Precision): Readonly<Record<string, GraphFile>> {
  return Object.fromEntries(
    Object.entries<GraphFiles>(spec.graphs).map(([graph, { [precision]: file }]) => {
      if (file === undefined)
        throw new RestoreError('invalid-option', `Model "${model}" has no ${precision} files; use fp32.`, { details: { option: 'precision', model } });
      return [graph, file];
    }),
  );
}

/**
 * Every file that a restoration in this precision needs: graphs, pieces of their weights, the pool.
 * @returns `undefined` when the model has no such precision
 */
export function listModelFiles(spec: ModelSpec, precision: Precision): readonly ModelFile[] | undefined {
  const graphs = Object.values<GraphFiles>(spec.graphs).map((files) => files[precision]);
  if (!graphs.every((file) => file !== undefined)) return undefined;
  return [...graphs.flatMap((file) => [file, ...(file.externalData ?? [])]), spec.promptPool];
}
