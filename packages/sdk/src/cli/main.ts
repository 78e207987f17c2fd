#!/usr/bin/env node
/** The `fairweather` command: this process's words, streams and signals handed to the program. */
import { EXIT } from './exit-code.ts';
import { runProgram } from './program.ts';

const interruption = new AbortController();
process.once('SIGINT', () => {
  interruption.abort();
  process.once('SIGINT', () => process.exit(EXIT.interrupted)); // the second Ctrl-C does not wait
});
process.once('SIGTERM', () => interruption.abort());
// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

process.exitCode = await runProgram(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, cwd: process.cwd() }, interruption.signal);
