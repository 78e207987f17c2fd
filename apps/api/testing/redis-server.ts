/** A real Redis for tests: `redis-server` on a free port of this machine, with its data in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';

export type TestRedis = {
  readonly url: string;
  /** Ends it at once, as a crash does; what it has acknowledged stays on the disk. */
  kill(): Promise<void>;
  /** On the same port, with the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** @throws Error when there is no `redis-server`; `REDIS_SERVER_PATH` names one */
export async function startRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'fairweather-redis-'));
  const port = await findFreePort();
  let server = await start(port, dir);
  const kill = async (): Promise<void> => {
    const exit = once(server, 'exit');
    if (server.exitCode === null && server.signalCode === null && server.kill('SIGKILL')) await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      server = await start(port, dir);
    },
    close: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function start(port: number, dir: string): Promise<ChildProcess> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const server = spawn(process.env.REDIS_SERVER_PATH ?? 'redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error("The tests need Redis: install Debian's redis-server, or name one with REDIS_SERVER_PATH.", { cause })));
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}.`)));
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}
