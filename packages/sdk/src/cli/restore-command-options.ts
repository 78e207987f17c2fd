/** The options of `fairweather restore`, parsed. */
import type { OutputFormat, ScaleOption } from '@fairweather/core';
import type { EngineOptions } from './engine.ts';

export type RestoreCommandOptions = EngineOptions & {
  readonly output?: string;
  readonly remove?: readonly string[];
  readonly strength: number;
  readonly seed: number;
  readonly steps: 1 | 2;
  readonly tile?: number;
  readonly scale: ScaleOption;
  readonly format?: OutputFormat;
  readonly quality?: number;
  readonly metadata: 'keep' | 'strip';
  readonly compare?: boolean;
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
};
