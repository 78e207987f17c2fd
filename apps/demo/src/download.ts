/** A file -> kept by the browser, copied, or handed to another app. */

/** Among the browser's downloads. */
export function download(file: File): void {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement('a'), { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
}

/** Clipboards take PNG alone. The picture may still be on its way: browsers want to be asked while the press is fresh. */
export async function copy(png: Promise<Blob>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}

export function canShare(): boolean {
  const probe = new File([], 'picture.jpg', { type: 'image/jpeg' });
  return navigator.canShare?.({ files: [probe] }) ?? false;
}

/** @returns whether it was asked for too late: the press that wanted it is no longer fresh, and another is needed */
export async function share(file: File): Promise<'shared' | 'dismissed' | 'too-late'> {
  try {
    await navigator.share({ files: [file] });
    return 'shared';
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === 'AbortError') return 'dismissed';
    if (error.name === 'NotAllowedError') return 'too-late';
    throw error;
  }
}
