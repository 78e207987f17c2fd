/** `npm start`: the environment in, a server out that ends by SIGTERM or SIGINT once its work is done. */
import pino from 'pino';
import { type Config, ConfigError, readConfig } from './config.ts';
import { startServer } from './runtime/node.ts';

await main();

async function main(): Promise<void> {
  const config = readConfigOrEnd();
  if (config === undefined) return;
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const server = await startServer(config, log).catch((error: unknown) => {
    log.fatal({ err: error }, 'the server cannot start');
    process.exitCode = 1;
  });
  if (server === undefined) return;
  log.info(
    { url: server.url, docs: `${server.url}/docs`, auth: config.app.keys === undefined ? 'open, this machine only' : `${config.app.keys.length} keys` },
    'listening',
  );

  let ending = false;
  const end = async (why: string, exitCode: number): Promise<void> => {
    if (ending) return;
    ending = true;
    log.info({ why, ...server.engine.status() }, 'ending: nothing new is taken, accepted work is finished');
    const drained = await server.close();
    log.info({ drained }, 'ended');
    process.exitCode = exitCode;
  };
  process.on('SIGTERM', () => void end('SIGTERM', 0));
  process.on('SIGINT', () => void end('SIGINT', 0));
  await server.ready.then(
    () => log.info({ coldStartMs: Math.round(performance.now()) }, 'ready'),
    () => end('no inference process', 1),
  );
}

function readConfigOrEnd(): Config | undefined {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return undefined;
  }
}
