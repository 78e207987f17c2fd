/** What is known of a picture beside its pixels: EXIF, XMP and colour profile, whatever container it came in. */

/** What stands beside the pixels, each as its own standard has it, without the container's wrapping. */
export type PictureMetadata = {
  /** A TIFF structure, from its byte order on. */
  readonly exif?: Uint8Array;
  /** An XMP packet, UTF-8. */
  readonly xmp?: Uint8Array;
  /** An ICC profile. */
  readonly icc?: Uint8Array;
};

/** What is larger is no metadata a camera or an editor writes; it is left out. */
export const MAX_METADATA_BYTES: number = 4 * 1024 * 1024;

export type WrittenMetadata = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the container could not take. */
  readonly lost: readonly (keyof PictureMetadata)[];
};
