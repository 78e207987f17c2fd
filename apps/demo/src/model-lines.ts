/** A manifest -> one line a model, for people. */
import type { Manifest } from '@fairweather/core';

export function modelLines({ models, defaultModel }: Manifest): readonly string[] {
  return Object.entries(models).map(([name, { version, weathers, graphs, promptPool }]) => {
    const bytes = Object.values(graphs).reduce((sum, { fp32 }) => sum + fp32.bytes, promptPool.bytes);
    return `${name} ${version}${name === defaultModel ? ' (default)' : ''}: ${weathers.join(', ')}; ${(bytes / 1e6).toFixed(1)} MB`;
  });
}
