import { expect, it } from 'vitest';
import { restoredName } from './download.ts';

it('names the file after the picture and what it now is', () => {
  expect(restoredName('my.photo.JPG', 'image/jpeg')).toBe('my.photo.restored.jpg');
  expect(restoredName('scan.tiff', 'image/png')).toBe('scan.restored.png');
  expect(restoredName('image', 'image/webp')).toBe('image.restored.webp');
});
