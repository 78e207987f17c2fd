/** `npm run fairweather -- <words>`: builds the command if need be and runs it where the user is. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildQuietly, ROOT } from './build.ts';

buildQuietly('@fairweather/sdk');
const command = spawn(process.execPath, [join(ROOT, 'packages/sdk/dist/cli.js'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(), // npm changes to the root; paths are meant from where it was called
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // the terminal sends Ctrl-C to both; the command ends itself and says how
process.on('SIGTERM', () => command.kill('SIGTERM'));
command.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
