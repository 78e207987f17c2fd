/** Files that are made one after another -> a zip, written as they come: never more than one of them is held. */
import { download } from './download.ts';
import { distinctName } from './file-name.ts';

/** A place on the disk, where the browser can write while the zip grows. */
type Sink = { createWritable(): Promise<WritableStream<Uint8Array>> };
type SavePicker = (options: { readonly suggestedName: string; readonly types: readonly object[] }) => Promise<Sink>;

/** Pictures are compressed already, so they are stored as they are. @param signal an abort leaves no file */
export async function saveZip(name: string, files: AsyncIterable<File>, signal: AbortSignal): Promise<void> {
  // Asked while the press is fresh. TypeScript's library does not have it: only some browsers do.
  const { showSaveFilePicker } = globalThis as { showSaveFilePicker?: SavePicker };
  const sink = await showSaveFilePicker?.({ suggestedName: name, types: [{ accept: { 'application/zip': ['.zip'] } }] });
  const { downloadZip } = await import('client-zip'); // not before somebody has many pictures
  const response = downloadZip(withDistinctNames(files));
  if (sink) await response.body?.pipeTo(await sink.createWritable(), { signal });
  else {
    const zip = await response.blob(); // which browsers keep on the disk when it is large
    signal.throwIfAborted();
    download(new File([zip], name, { type: 'application/zip' }));
  }
}

async function* withDistinctNames(files: AsyncIterable<File>): AsyncGenerator<{ readonly name: string; readonly lastModified: Date; readonly input: File }> {
  const taken = new Set<string>();
  for await (const file of files) {
    const name = distinctName(file.name, taken);
    taken.add(name.toLowerCase());
    yield { name, lastModified: new Date(file.lastModified), input: file };
  }
}
