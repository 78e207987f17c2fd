/** Words on the command line -> numbers and lists, or a sentence that says what was expected. */
import type { ScaleOption } from '@fairweather/core';
import { InvalidArgumentError } from 'commander';

/** A number within bounds. */
export function parseNumber(min: number, max: number): (word: string) => number {
  return (word) => {
    const value = Number(word);
    if (word.trim() === '' || !(value >= min && value <= max)) throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    return value;
  };
}

/** A whole number within bounds. */
export function parseInteger(min: number, max: number): (word: string) => number {
  return (word) => {
    const value = Number(word);
    if (word.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** `native`, `auto`, or a share of the picture's size. */
export function parseScale(word: string): ScaleOption {
  if (word === 'native' || word === 'auto') return word;
  const value = Number(word);
  if (word.trim() === '' || !(value >= 0.05 && value <= 1)) throw new InvalidArgumentError('It must be native, auto, or a number from 0.05 to 1.');
  return value;
}

/** `rain,haze`, and the option given again, add up. */
export function parseNames(words: string, before: readonly string[] = []): readonly string[] {
  const names = words
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It must be one name or several, with commas between.');
  return [...before, ...names];
}

/** Sampling steps. */
export function parseSteps(word: string): 1 | 2 {
  if (word !== '1' && word !== '2') throw new InvalidArgumentError('It must be 1 or 2.');
  return word === '1' ? 1 : 2;
}
