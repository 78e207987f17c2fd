/** Words on the command line -> a verb with its options, run; the result is an exit code. */
import { OUTPUT_FORMATS } from '@fairweather/core';
import { Command, CommanderError, Option } from 'commander';
import packageFacts from '../../package.json' with { type: 'json' };
import { type AssetsCommandOptions, runAssetsCopy } from './assets-command.ts';
import { describeFailure, UsageError } from './cli-error.ts';
import { type DoctorCommandOptions, runDoctor } from './doctor-command.ts';
import { BACKENDS, PRECISIONS } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type InspectCommandOptions, runInspect } from './inspect-command.ts';
import { type CreateKeyOptions, type KeysCommandOptions, runKeysCreate, runKeysList, runKeysRevoke } from './keys-command.ts';
import { type ModelsCommandOptions, runModelsList, runModelsVerify } from './models-command.ts';
import { parseInteger, parseNames, parseNumber, parseScale, parseSteps } from './option-values.ts';
import { runRestore } from './restore-command.ts';
import type { RestoreCommandOptions } from './restore-command-options.ts';
import { printLine, type Terminal } from './terminal.ts';

/**
 * @param words what stands behind `fairweather`
 * @param signal aborted by Ctrl-C
 */
export async function runProgram(words: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = buildProgram(terminal, signal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has said why
    if (signal.aborted) return EXIT.interrupted;
    if (error instanceof UsageError) {
      printLine(terminal.stderr, `error: ${error.message}`);
      return EXIT.usage;
    }
    const failure = describeFailure(error);
    printLine(terminal.stderr, `error: ${failure.message} (${failure.code})`);
    return failure.code === 'invalid-option' ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(terminal: Terminal, signal: AbortSignal, end: (code: ExitCode) => void): Command {
  const program = new Command('fairweather')
    .description('Takes rain, raindrops, snow and haze out of photographs.')
    .version(packageFacts.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.stdout.write(text), writeErr: (text) => terminal.stderr.write(text) })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit codes: 0 all done, 1 something failed, 2 called wrongly, 130 interrupted.');

  const restore = program
    .command('restore')
    .description('Restore pictures.')
    .argument('<input...>', 'files, folders or quoted patterns such as "photos/**/*.jpg"')
    .option('-o, --output <path>', 'a file for one picture, a folder for several (default: <name>.restored.<ending> beside the input)')
    .option('--remove <weathers>', 'take out only these, e.g. rain,haze (default: all)', parseNames)
    .option('--strength <share>', 'how much of the weather goes, 0 to 1', parseNumber(0, 1), 1)
    .option('--seed <number>', 'the same seed gives the same result', parseInteger(0, 0xffff_ffff), 0)
    .option('--steps <count>', 'sampling steps: 2, or 1 for half the time', parseSteps, 2)
    .option('--tile <px>', "longest side of a tile: smaller takes less memory (default: the model's own)", parseInteger(1, 16_384))
    .option('--scale <size>', 'the size the network works at: auto (each weather where it is seen best), native, or a factor such as 0.5', parseScale, 'auto')
    .addOption(new Option('--format <name>', "container to write (default: the input's own)").choices(OUTPUT_FORMATS))
    .option('--quality <number>', '1 to 100, for jpeg, webp and avif (default: 92, 90, 65)', parseInteger(1, 100))
    .addOption(new Option('--metadata <what>', 'EXIF and XMP; the colour profile always stays').choices(['keep', 'strip']).default('keep'))
    .option('--compare', 'also write <name>.compare.<ending>: before and after, side by side')
    .option('-r, --recursive', 'walk folders down; outputs keep their places below -o')
    .option('--force', 'write outputs anew that exist (never the input)')
    .option('--json', 'one line of JSON a picture on stdout')
    .addHelpText('after', '\nFiles named *.restored.* and *.compare.* are left out of folders and patterns.');
  withServer(withEngine(restore)).action(async (inputs: string[], options: RestoreCommandOptions) => end(await runRestore(inputs, options, terminal, signal)));

  const inspect = program
    .command('inspect')
    .description('Say what weather is in pictures.')
    .argument('<input...>', 'files, folders or quoted patterns')
    .option('-r, --recursive', 'walk folders down')
    .option('--json', 'one line of JSON a picture');
  withServer(withEngine(inspect)).action(async (inputs: string[], options: InspectCommandOptions) => end(await runInspect(inputs, options, terminal, signal)));

  const models = program.command('models').description('Look at the models.');
  withModels(models.command('list'))
    .description('List the models: name, version, sizes, licence, weathers.')
    .action(async (options: ModelsCommandOptions) => end(await runModelsList(options, terminal)));
  withModels(models.command('verify'))
    .description('Check size and SHA-256 of every file of all models, or of those named.')
    .argument('[model...]')
    .action(async (names: string[], options: ModelsCommandOptions) => end(await runModelsVerify(names, options, terminal)));

  const assets = program.command('assets').description('Files that the browser engine fetches.');
  assets
    .command('copy')
    .description('Copy workers, runtime and models into a folder of your own host; files of the same name are written anew.')
    .argument('<folder>', 'below the folder that is served, e.g. public/fairweather')
    .addOption(modelsOption())
    .option('--json', 'one line of JSON: folder, files, bytes')
    .action(async (folder: string, options: AssetsCommandOptions) => end(await runAssetsCopy(folder, options, terminal)));

  const doctor = program
    .command('doctor')
    .description('Say what was found on this machine, what would be used, and why.')
    .option('--json', 'one line of JSON a finding');
  withEngine(doctor).action(async (options: DoctorCommandOptions) => end(await runDoctor(options, terminal)));

  const keys = program.command('keys').description('Make, list and revoke the API keys of a server of your own.');
  withKeyFile(keys.command('create'))
    .description('Make a key; it is shown this once.')
    .requiredOption('--name <name>', 'what the key is called in logs')
    .option('--scopes <scopes>', 'what it may do: restore, inspect, metrics (default: restore,inspect)', parseNames)
    .option('--rate <count>', "requests a minute, 0 for no limit (default: the server's own)", parseInteger(0, 1_000_000))
    .option('--expires <time>', 'end of its life, e.g. 2027-01-01T00:00:00Z (default: none)')
    .action(async (options: Omit<CreateKeyOptions, 'scopes'> & { readonly scopes?: readonly string[] }) =>
      end(await runKeysCreate({ scopes: ['restore', 'inspect'], ...options }, terminal)),
    );
  withKeyFile(keys.command('list'))
    .description('List the keys of the file: id, name, scopes, rate, end.')
    .action(async (options: KeysCommandOptions) => end(await runKeysList(options, terminal)));
  withKeyFile(keys.command('revoke'))
    .description('Take keys out of the file.')
    .argument('<id...>', 'first column of `keys list`')
    .action(async (ids: string[], options: KeysCommandOptions) => end(await runKeysRevoke(ids, options, terminal)));

  return program;
}

function withKeyFile(command: Command): Command {
  return command
    .option('--file <path>', 'the key file, as FAIRWEATHER_KEYS_FILE of the server names it', 'keys.json')
    .option('--json', 'one line of JSON a key');
}

function withEngine(command: Command): Command {
  return command
    .option('--model <name>', "a model of `fairweather models list` (default: the manifest's own)")
    .addOption(new Option('--precision <name>', 'arithmetic of the graphs').choices(PRECISIONS).default('fp32'))
    .addOption(new Option('--backend <name>', 'auto is CUDA where it works, else the CPU').choices(BACKENDS).default('auto'))
    .option('--threads <count>', 'threads of the CPU (default: all)', parseInteger(1, 1024))
    .addOption(modelsOption());
}

function withServer(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'a Fairweather API that does the work; this machine needs no engine then')
        .env('FAIRWEATHER_SERVER')
        .conflicts(['backend', 'threads']),
    )
    .addOption(new Option('--key <key>', "the server's API key; safer in the environment: other users see the words of a command").env('FAIRWEATHER_API_KEY'))
    .hook('preAction', (called) => {
      const typed = (name: string): boolean => called.getOptionValueSource(name) === 'cli';
      const server = called.getOptionValue('server') !== undefined;
      if (server && typed('models')) throw new UsageError('--models: a server has its own; leave it out, or --server.');
      if (!server && typed('key')) throw new UsageError('--key: it is for a server; name it with --server.');
    });
}

function withModels(command: Command): Command {
  return command.addOption(modelsOption()).option('--json', 'one line of JSON a model or file');
}

function modelsOption(): Option {
  return new Option('--models <folder>', 'folder with manifest.json (default: the installed @fairweather/models)').env('FAIRWEATHER_MODELS');
}
