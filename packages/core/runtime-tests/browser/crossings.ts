/** WebGPU as this page calls it -> what crosses between the processor's memory and the GPU's, and what a chain leaves behind. */

export type Crossings = {
  /** Bytes of each write into a buffer of a chain, or of a mapped one; and of each buffer that is read, longer ones first. */
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** Names of the buffers of chains: of all that were made, and of those that are still there. */
  readonly made: readonly string[];
  readonly alive: readonly string[];
};

/** The buffers of chains say whose they are. */
const OURS = 'fairweather ';
const isOurs = ({ label }: GPUBuffer): boolean => label.startsWith(OURS);
const nameOf = ({ label }: GPUBuffer): string => label.slice(OURS.length);

/** @param longRings rings take all that the device may bind, so that a device without as much memory says so itself */
export function countCrossings(longRings: boolean): { end(): Crossings } {
  const up: number[] = [];
  const down: number[] = [];
  const alive = new Set<GPUBuffer>();
  const made: string[] = [];
  const restore = [
    intercept(GPUDevice.prototype, 'createBuffer', function (this: GPUDevice, create, descriptor) {
      const ring = descriptor.label === `${OURS}ring` && longRings;
      const buffer = create(ring ? { ...descriptor, size: this.limits.maxBufferSize } : descriptor);
      if (descriptor.mappedAtCreation === true) up.push(descriptor.size);
      if (isOurs(buffer)) {
        alive.add(buffer);
        made.push(nameOf(buffer));
      }
      return buffer;
    }),
    intercept(GPUBuffer.prototype, 'destroy', function (this: GPUBuffer, destroy) {
      alive.delete(this);
      return destroy();
    }),
    intercept(GPUBuffer.prototype, 'mapAsync', function (this: GPUBuffer, map, ...options) {
      down.push(this.size);
      return map(...options);
    }),
    intercept(GPUQueue.prototype, 'writeBuffer', (write, buffer, offset, data, ...range) => {
      up.push(data.byteLength);
      return write(buffer, offset, data, ...range);
    }),
  ];
  const sorted = (bytes: readonly number[]): number[] => bytes.toSorted((a, b) => b - a);
  return {
    end() {
      for (const undo of restore) undo();
      return { up: sorted(up), down: sorted(down), made, alive: [...alive].map(nameOf) };
    },
  };
}

/** Puts itself in the place of a method. @returns what puts it back */
function intercept<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  instead: T[K] extends (...given: infer P) => infer R ? (this: T, original: (...given: P) => R, ...given: P) => R : never,
): () => void {
  const original = prototype[name] as (...given: unknown[]) => unknown;
  const method = function (this: T, ...given: unknown[]): unknown {
    return (instead as (this: T, ...given: unknown[]) => unknown).call(this, (...passed: unknown[]) => original.apply(this, passed), ...given);
  };
  prototype[name] = method as T[K];
  return () => {
    prototype[name] = original as T[K];
  };
}
