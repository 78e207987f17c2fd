import { expect, it } from 'vitest';
import { planHazeSizes } from './haze-sizes.ts';

it.each([
  [
    4000,
    3000,
    [
      [128, 96],
      [256, 192],
      [512, 384],
    ],
  ],
  [
    620,
    460,
    [
      [129, 96],
      [259, 192],
      [518, 384],
    ],
  ],
  [
    256,
    300,
    [
      [96, 113],
      [192, 225],
      [256, 300],
    ],
  ], // the own size for 384
  [
    100,
    100,
    [
      [96, 96],
      [100, 100],
    ],
  ], // and for 192
  [90, 64, [[90, 64]]],
  [1, 1, [[1, 1]]],
  [
    32768,
    300,
    [
      [384, 4],
      [768, 7],
      [1536, 14],
    ],
  ], // no more than four times as long as the side says
  [
    5000,
    1,
    [
      [384, 1],
      [768, 1],
      [1536, 1],
    ],
  ],
])('looks at haze in a picture of %i x %i in %j', (width, height, expected) => {
  expect(planHazeSizes({ width, height }).map((size) => [size.width, size.height])).toEqual(expected);
});
