/** Names of pictures -> names of files that any system can keep. */

/** `my.photo.JPG` -> `my.photo.restored`, what a visitor may change. */
export function suggestName(pictureName: string): string {
  return `${pictureName.replace(/\.[^.]*$/, '')}.restored`;
}

/** A name and `image/jpeg` -> `name.jpg`, without what Windows, macOS or Linux refuse. */
export function fileName(name: string, mediaType: string): string {
  const allowed = name.replace(/[\p{Cc}\\/:*?"<>|]/gu, '-').replace(/^[\s.]+|[\s.]+$/g, '');
  return `${allowed || 'restored'}.${mediaType.replace('image/', '').replace('jpeg', 'jpg')}`;
}

/** The names, each once: `a.jpg`, `a (2).jpg`. */
export function distinctName(name: string, taken: ReadonlySet<string>): string {
  const [stem, ending] = [name.replace(/\.[^.]*$/, ''), /\.[^.]*$/.exec(name)?.[0] ?? ''];
  for (let k = 1; ; k++) {
    const tried = k === 1 ? name : `${stem} (${k})${ending}`;
    if (!taken.has(tried.toLowerCase())) return tried; // Windows and macOS take A and a for the same
  }
}
