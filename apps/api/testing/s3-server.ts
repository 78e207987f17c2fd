/** An S3 server for tests: moto's, from PyPI, on a free port of this machine, with one empty bucket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { S3Settings } from '../src/jobs/s3-store.ts';
import { findFreePort } from './free-port.ts';
import { preparePythonTool } from './python-tool.ts';

export type TestS3 = { readonly settings: S3Settings; close(): Promise<void> };

export async function startS3(): Promise<TestS3> {
  const bin = preparePythonTool('moto', new URL('moto.txt', import.meta.url));
  const port = await findFreePort();
  const server = spawn(bin('moto_server'), ['--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswered(`${endpoint}/pictures`);
  return {
    settings: { endpoint, region: 'us-east-1', bucket: 'pictures', accessKeyId: 'test', secretAccessKey: 'secret', linkSeconds: 60 },
    async close() {
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
    },
  };
}

/** Makes the bucket as soon as there is somebody to make it. */
async function untilAnswered(bucket: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(bucket, { method: 'PUT' }).catch(() => undefined); // not yet there
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The S3 server did not start within 30 s.');
}
