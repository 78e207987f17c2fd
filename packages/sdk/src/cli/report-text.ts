/** Reports -> lines for people. */
import type { WeatherFinding } from '@fairweather/core';

const BAR_CELLS = 20;

/** One line a weather: name, bar, how surely it is in the picture. */
export function weatherBars(weather: readonly WeatherFinding[]): readonly string[] {
  const width = Math.max(...weather.map(({ weather: name }) => name.length));
  return weather.map(({ weather: name, presence }) => {
    const filled = Math.round(presence * BAR_CELLS);
    return `  ${name.padEnd(width)}  ${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${formatPercent(presence).padStart(5)}`;
  });
}

/** `rain 92 %, haze 31 %`, the surest first; what is hardly there is left out. Some models name no weather at all. */
export function weatherWords(weather: readonly WeatherFinding[]): string {
  if (weather.length === 0) return 'weather not named by this model';
  const found = weather.filter(({ presence }) => presence >= 0.2).toSorted((a, b) => b.presence - a.presence);
  return found.length === 0 ? 'no weather found' : found.map(({ weather: name, presence }) => `${name} ${formatPercent(presence)}`).join(', ');
}

export function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `840 ms`, `3.2 s`, `48 s`, `2 min 5 s`, `1 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `512 B`, `3.4 kB`, `2.1 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
