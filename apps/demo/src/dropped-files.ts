/** What was dropped -> files: those themselves, and the pictures in dropped folders, however deep, in the order of their names. */

/** Endings of pictures that can be read; what else lies in a folder is passed over. A file dropped by itself is always taken, and faults are told. */
const PICTURE = /\.(jpe?g|png|webp|avif|gif|tiff?|heic|heif)$/i;

/** Must be called while the drop is told: its items are gone afterwards. */
export async function readDrop({ items, files }: DataTransfer): Promise<readonly File[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry != null);
  if (!entries.some(({ isDirectory }) => isDirectory)) return [...files];
  const found = await Promise.all(
    entries.map((entry) => (entry.isDirectory ? readFolder(entry as FileSystemDirectoryEntry) : [readEntry(entry as FileSystemFileEntry)])),
  );
  return Promise.all(found.flat());
}

/** The pictures of a folder that was chosen in a dialog. */
export function picturesOf(files: readonly File[]): readonly File[] {
  return files.filter(({ name }) => isPicture(name)).sort((a, b) => byName(a.webkitRelativePath, b.webkitRelativePath));
}

async function readFolder(folder: FileSystemDirectoryEntry): Promise<readonly Promise<File>[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // at most a hundred
    if (some.length === 0) break;
    entries.push(...some);
  }
  entries.sort((a, b) => byName(a.name, b.name));
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isDirectory) return readFolder(entry as FileSystemDirectoryEntry);
      return isPicture(entry.name) ? [readEntry(entry as FileSystemFileEntry)] : [];
    }),
  );
  return found.flat();
}

function readEntry(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isPicture(name: string): boolean {
  return PICTURE.test(name) && !name.startsWith('.');
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, undefined, { numeric: true });
}
