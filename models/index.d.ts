/** Where the manifest lies; model files are named in it, relative to it. */
export declare const manifestUrl: URL;
