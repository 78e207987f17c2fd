/** The API as its own process, serving the built page; and a line to it that counts what crosses. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DIST } from './demo-page.ts';

export type ApiServer = { readonly address: string; close(): Promise<void> };

/** @param environment on top of a free port and the page */
export async function startApi(environment: Readonly<Record<string, string>> = {}): Promise<ApiServer> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('../../api/src/main.ts', import.meta.url))], {
    env: { ...process.env, PORT: '0', FAIRWEATHER_DEMO_DIR: DIST, ...environment },
  });
  const address = await untilReady(server);
  return {
    address,
    async close() {
      if (server.kill('SIGTERM')) await once(server, 'exit');
    },
  };
}

/** @returns its address */
async function untilReady({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  stderr.pipe(process.stderr);
  let address: string | undefined;
  for await (const line of createInterface({ input: stdout })) {
    const { msg, url } = JSON.parse(line) as { readonly msg: string; readonly url?: string }; // the API's log
    address ??= url;
    if (msg === 'ready' && address !== undefined) {
      stdout.resume();
      return address;
    }
  }
  throw new Error('The API ended before it was ready.');
}

export type CountedLine = {
  readonly address: string;
  /** Bytes that came from the server, headers and all. */
  bytes(): number;
  close(): Promise<void>;
};

export async function countLine(to: string): Promise<CountedLine> {
  let bytes = 0;
  const line = createServer((browser) => {
    const server = connect(Number(new URL(to).port), '127.0.0.1');
    server.on('data', (chunk) => {
      bytes += chunk.length;
    });
    for (const socket of [browser, server]) socket.on('error', () => [browser, server].forEach((end) => void end.destroy())); // the other end went away
    browser.pipe(server).pipe(browser);
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(line.address() as AddressInfo).port}/`, // a TCP server has a port
    bytes: () => bytes,
    close: () => new Promise((resolve) => void line.close(() => resolve())),
  };
}
