/** Where the manifest lies; model files are named in it, relative to it. */
export const manifestUrl = new URL('./manifest.json', import.meta.url);
