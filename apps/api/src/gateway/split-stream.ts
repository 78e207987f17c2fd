/** One stream -> several with the same bytes, at the pace of the slowest: unlike `tee`, which keeps in memory what one of them has not read. */

type Branch = { readonly readable: ReadableStream<Uint8Array>; readonly writer: WritableStreamDefaultWriter<Uint8Array> };

/**
 * The first is the one that counts: when its reader goes, all of them end. Another one that is cancelled is left out.
 * @param count at least 1
 */
export function splitStream(source: ReadableStream<Uint8Array>, count: number): readonly ReadableStream<Uint8Array>[] {
  const branches = Array.from({ length: count }, (): Branch => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    return { readable, writer: writable.getWriter() };
  });
  copy(source, branches).catch(() => {}); // told to the branches
  return branches.map(({ readable }) => readable);
}

async function copy(source: ReadableStream<Uint8Array>, branches: readonly Branch[]): Promise<void> {
  const [first, ...others] = branches.map(({ writer }) => writer);
  const living = new Set(others);
  const reader = source.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { value } = next;
      const written = [...living].map((writer) => writer.write(value).catch(() => living.delete(writer)));
      await first?.write(value);
      await Promise.all(written);
    }
    await Promise.all([first?.close(), ...[...living].map((writer) => writer.close().catch(() => {}))]); // one that was cancelled last
  } catch (error) {
    await Promise.allSettled([reader.cancel(error), ...branches.map(({ writer }) => writer.abort(error))]);
    throw error;
  }
}
