/** A seed -> uploads no client should send: cut off, flipped, bombs, other kinds of files, broken forms, wrong options, huge headers, slow bodies. */
import { deflateSync } from 'node:zlib';
import { ROUTES } from '@fairweather/core/contract';
import { paintPicture } from './test-server.ts';

export type MalformedUpload = {
  /** What is wrong with it. */
  readonly what: string;
  /** A whole HTTP/1.1 request but for the length of its body; `body` is sent behind it, in pieces when `slow`. */
  readonly head: readonly string[];
  readonly body: Uint8Array;
  /** Stops before the last byte. */
  readonly slow: boolean;
  /** Damage that may leave a valid picture: then a 200 is right. */
  readonly mayDecode: boolean;
};

type Random = () => number;
type Case = Omit<MalformedUpload, 'head' | 'slow'> & { readonly headers?: readonly string[]; readonly query?: string; readonly slow?: boolean };

const FORMATS = ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const;

/** The same seed gives the same uploads. */
export async function* generateMalformed(seed: number, count: number): AsyncGenerator<MalformedUpload> {
  const random = mulberry32(seed);
  const pictures = await Promise.all(FORMATS.map((format) => paintPicture(40, 24, format)));
  const kinds = [truncate, truncate, flip, flip, flip, bomb, otherFile, noise, brokenForm, wrongOption, hugeHeader, splice];
  for (let i = 0; i < count; i++) {
    // Few are slow: each takes as long as a body may.
    const make = i % 100 === 99 ? slowBody : pick(random, kinds);
    const { headers = [], query = '', slow = false, ...rest } = make(random, pictures);
    const path = (random() < 0.5 ? ROUTES.restore : ROUTES.inspect) + query;
    yield { ...rest, slow, head: [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', `Content-Length: ${rest.body.length}`, ...headers] };
  }
}

function truncate(random: Random, pictures: readonly Uint8Array[]): Case {
  const picture = pick(random, pictures);
  const length = Math.floor(random() * (picture.length - 1));
  // What a decoder misses at a file's very end may be nothing but a trailer.
  return { what: 'cut off', body: picture.slice(0, length), mayDecode: length > picture.length / 2 };
}

function flip(random: Random, pictures: readonly Uint8Array[]): Case {
  const body = pick(random, pictures).slice();
  for (let n = 1 + Math.floor(random() * 20); n > 0; n--) {
    const at = Math.floor(random() * body.length);
    body[at] = (body[at] as number) ^ (1 << Math.floor(random() * 8));
  }
  return { what: 'bits flipped', body, mayDecode: true };
}

/** Two pictures in one file: the head of one, the tail of another. */
function splice(random: Random, pictures: readonly Uint8Array[]): Case {
  const [a, b] = [pick(random, pictures), pick(random, pictures)];
  const [end, start] = [Math.floor(random() * a.length), Math.floor(random() * b.length)];
  return { what: 'spliced', body: Buffer.concat([a.subarray(0, end), b.subarray(start)]), mayDecode: true };
}

/** Small files that promise many pixels. */
function bomb(random: Random): Case {
  const [width, height] = [20_000 + Math.floor(random() * 40_000), 20_000 + Math.floor(random() * 40_000)];
  const size = (bytes: 2 | 4, littleEndian: boolean): Buffer => {
    const buffer = Buffer.alloc(2 * bytes);
    for (const [i, side] of [width, height].entries())
      if (littleEndian) buffer.writeUIntLE(side, i * bytes, bytes);
      else buffer.writeUIntBE(side, i * bytes, bytes);
    return buffer;
  };
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const png = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([size(4, false), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('IDAT', deflateSync(Buffer.alloc(100_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const gif = Buffer.concat([Buffer.from('GIF89a'), size(2, true), Buffer.alloc(40), Buffer.from([0x3b])]);
  const jpeg = Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8]),
    Buffer.concat([size(2, false).subarray(2), size(2, false).subarray(0, 2)]),
    Buffer.from([3, 1, 17, 0, 2, 17, 1, 3, 17, 1]),
    Buffer.alloc(40),
  ]);
  return { what: 'a bomb', body: pick(random, [png, gif, jpeg]), mayDecode: false };
}

function otherFile(random: Random): Case {
  const text = (s: string): Buffer => Buffer.from(s.padEnd(64));
  const files = [
    text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'),
    text('<!doctype html><script>alert(1)</script>'),
    text('%PDF-1.7\n1 0 obj'),
    text('PK\x03\x04\x14\x00'),
    text('{"url":"http://169.254.169.254/latest/meta-data"}'),
    text('http://localhost:8080/metrics'),
    text('BM6\x00\x00\x00'),
    Buffer.concat([Buffer.from([0, 0, 0, 24]), text('ftypheicmif1heic')]),
    Buffer.concat([Buffer.from([0, 0, 0, 24]), text('ftypisomavc1mp42')]),
    text('push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 "|ls"'),
    Buffer.alloc(0),
  ];
  const type = pick(random, ['image/png', 'application/json', 'text/html', 'image/svg+xml', 'nonsense', 'application/x-www-form-urlencoded']);
  return { what: 'another kind of file', body: pick(random, files), headers: [`Content-Type: ${type}`], mayDecode: false };
}

function noise(random: Random, pictures: readonly Uint8Array[]): Case {
  const body = Uint8Array.from({ length: 1 + Math.floor(random() * 2000) }, () => Math.floor(random() * 256));
  if (random() < 0.5) body.set(pick(random, pictures).subarray(0, Math.min(12, body.length)));
  return { what: 'noise', body, mayDecode: false };
}

function brokenForm(random: Random, pictures: readonly Uint8Array[]): Case {
  const picture = pick(random, pictures);
  const part = (name: string, filename = ' filename="a"; '): Buffer =>
    Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data;${filename}name="${name}"\r\n\r\n`), picture, Buffer.from('\r\n')]);
  const end = Buffer.from('--b--\r\n');
  const bodies = [
    Buffer.concat([part('picture'), end]),
    Buffer.concat([part('image'), part('image'), end]),
    part('image').subarray(0, 30),
    Buffer.concat([part('image', ' '), end]),
    Buffer.concat([part('__proto__'), end]),
    end,
    Buffer.from('--b\r\n\r\n\r\n--b--'),
    Buffer.concat([part('image'), Buffer.from('--b\r\nContent-Disposition: form-data; name="seed"\r\n\r\n-1\r\n'), end]),
    Buffer.concat([Buffer.from('--b\r\n'.repeat(500)), end]),
  ];
  const type =
    random() < 0.8
      ? 'multipart/form-data; boundary=b'
      : pick(random, ['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'b'.repeat(200)}`]);
  return { what: 'a broken form', body: pick(random, bodies), headers: [`Content-Type: ${type}`], mayDecode: false };
}

function wrongOption(random: Random, pictures: readonly Uint8Array[]): Case {
  const queries = [
    'seed=-1',
    'quality=0',
    'precision=int8',
    'model=../../etc/passwd',
    'url=http://10.0.0.1/',
    'model=nano&model=nano',
    'strength=1e9',
    '__proto__=1',
    'model=%00',
    'x%5B%5D=1',
    'tile=7',
  ];
  // `tile` must be a multiple that the model names; inspect has no such option at all.
  return { what: 'a wrong option', body: pick(random, pictures), query: `?${pick(random, queries)}`, mayDecode: false };
}

function hugeHeader(random: Random, pictures: readonly Uint8Array[]): Case {
  const length = 16_384 + Math.floor(random() * 50_000);
  return { what: 'a huge header', body: pick(random, pictures), headers: [`X-Long: ${'x'.repeat(length)}`], mayDecode: false };
}

function slowBody(random: Random, pictures: readonly Uint8Array[]): Case {
  return { what: 'a slow body', body: pick(random, pictures), slow: true, mayDecode: false };
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T; // no list is empty
}

/** Tommy Ettinger's mulberry32: 32 bits of state, good enough to choose by. */
function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
