import { expect, it } from 'vitest';
import { distinctName, fileName, suggestName } from './file-name.ts';

it('names the file after the picture and what it now is', () => {
  expect(fileName(suggestName('my.photo.JPG'), 'image/jpeg')).toBe('my.photo.restored.jpg');
  expect(fileName(suggestName('scan.tiff'), 'image/png')).toBe('scan.restored.png');
  expect(fileName(suggestName('image'), 'image/webp')).toBe('image.restored.webp');
});
it('leaves out what a file system refuses', () => {
  expect(fileName(' ../a:b?\n ', 'image/png')).toBe('-a-b--.png');
  expect(fileName('..', 'image/avif')).toBe('restored.avif');
});
it('gives every name once', () => {
  expect(distinctName('a.jpg', new Set())).toBe('a.jpg');
  expect(distinctName('A.jpg', new Set(['a.jpg', 'a (2).jpg']))).toBe('A (3).jpg');
});
