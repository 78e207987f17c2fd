import { expect, it } from 'vitest';
import { fitWhole, isZoomed, moveBy, type Scene, zoomTo } from './zoom.ts';

const scene: Scene = { frame: { width: 800, height: 600 }, picture: { width: 4000, height: 2000 }, largestFit: 2 };
const middle = { x: 400, y: 300 };

it('shows the whole picture in the middle of its frame, a small one not larger than is allowed', () => {
  expect(fitWhole(scene)).toEqual({ scale: 0.2, x: 0, y: 100 });
  expect(fitWhole({ ...scene, picture: { width: 100, height: 100 } })).toEqual({ scale: 2, x: 300, y: 200 });
});
it('zooms to real pixels and leaves what is under the pointer there', () => {
  const fit = fitWhole(scene);
  const at = { x: 200, y: 300 }; // 1000 of 4000 to the right, the middle down
  const real = zoomTo(scene, fit, 1, at);
  expect(real).toEqual({ scale: 1, x: 200 - 1000, y: 300 - 1000 });
  expect(zoomTo(scene, real, 0.2, at)).toEqual(fit);
});
it('zooms no further than eight device pixels, and no further out than the whole', () => {
  expect(zoomTo(scene, fitWhole(scene), 100, middle).scale).toBe(8);
  expect(zoomTo(scene, fitWhole(scene), 0.01, middle)).toEqual(fitWhole(scene));
  const tiny: Scene = { ...scene, picture: { width: 10, height: 10 }, largestFit: 6 };
  expect(zoomTo(tiny, fitWhole(tiny), 100, middle).scale).toBe(12);
});
it('moves a zoomed picture to its edges and not beyond, and a whole one not at all', () => {
  const real = zoomTo(scene, fitWhole(scene), 1, middle);
  expect(moveBy(scene, real, { x: 5000, y: -5000 })).toEqual({ scale: 1, x: 0, y: 600 - 2000 });
  expect(moveBy(scene, fitWhole(scene), { x: 50, y: 50 })).toEqual(fitWhole(scene));
  expect([isZoomed(scene, real), isZoomed(scene, fitWhole(scene))]).toEqual([true, false]);
});
