/** Where the command speaks: results on stdout, everything else on stderr. */
export type Terminal = {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Folder that relative paths start from. */
  readonly cwd: string;
};

export function printLine(stream: NodeJS.WritableStream, line: string): void {
  stream.write(`${line}\n`);
}

/** One line of JSON. */
export function printJson(stream: NodeJS.WritableStream, value: unknown): void {
  printLine(stream, JSON.stringify(value));
}
