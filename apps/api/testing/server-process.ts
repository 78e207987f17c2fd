/** The API as a process of its own, as it is deployed: started, watched by its log lines, ended in any way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type ServerProcess = {
  readonly url: string;
  readonly process: ChildProcess;
  /** Its log so far. */
  readonly lines: readonly Record<string, unknown>[];
  /** At once, as a crash or a machine that goes; its inference processes end with it. */
  kill(): Promise<void>;
  end(): Promise<void>;
};

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/**
 * Resolves once it is ready.
 * @param environment on top of: a free port, one CPU thread, no rate
 * @param through words of a command that becomes the server: `unshare -m`
 */
export async function startServerProcess(environment: Readonly<Record<string, string>>, through: readonly string[] = []): Promise<ServerProcess> {
  const ours = { PORT: '0', FAIRWEATHER_BACKEND: 'cpu', FAIRWEATHER_THREADS: '1', FAIRWEATHER_RATE_PER_MINUTE: '0' };
  const [command = process.execPath, ...words] = [...through, process.execPath, MAIN];
  const child = spawn(command, words, { env: { PATH: process.env.PATH, ...ours, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Record<string, unknown>[] = [];
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(name);
    await exit;
  };
  const ready = Promise.withResolvers<void>();
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const all = `${rest}${chunk}`.split('\n');
    rest = all.pop() ?? '';
    for (const text of all) {
      const line = JSON.parse(text) as Record<string, unknown>; // pino writes objects
      lines.push(line);
      if (line.msg === 'ready') ready.resolve();
    }
  });
  child.once('exit', () => ready.reject(new Error(`The server ended before it was ready: ${JSON.stringify(lines.at(-1))}`)));
  await ready.promise;
  const url = String(lines.find(({ msg }) => msg === 'listening')?.url);
  return { url, process: child, lines, kill: () => signal('SIGKILL'), end: () => signal('SIGTERM') };
}
