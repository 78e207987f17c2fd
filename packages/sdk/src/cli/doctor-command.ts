/** `fairweather doctor`: what was found on this machine, what a restoration would use, and why. */
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { createNodeRestorer, type NodeBackend, openModelsDir } from '@fairweather/core/node';
import { describeFailure } from './cli-error.ts';
import { type EngineOptions, findModelsDir } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { formatBytes, formatDuration } from './report-text.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export type DoctorCommandOptions = EngineOptions & { readonly json?: boolean };

/** One thing looked at. `facts` is for people; `ok` says whether a restoration can do with it. */
type Finding = { readonly what: string; readonly ok: boolean; readonly facts: string };

export async function runDoctor(options: DoctorCommandOptions, { stdout, cwd }: Terminal): Promise<ExitCode> {
  const findings = [lookAtSystem(), await lookAtInference(), await lookAtCodec(), await lookAtModels(options, cwd), await lookAtEngine(options, cwd)];
  for (const { what, ok, facts } of findings) {
    if (options.json) printJson(stdout, { what, ok, facts });
    else printLine(stdout, `${ok ? 'ok ' : 'BAD'} ${what.padEnd(10)} ${facts}`);
  }
  return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}

function lookAtSystem(): Finding {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    what: 'system',
    ok: true,
    facts: `Node ${process.version}, ${platform()} ${arch()} ${release()}, ${availableParallelism()} threads of ${processor}, ${formatBytes(totalmem())}`,
  };
}

async function lookAtInference(): Promise<Finding> {
  return look('inference', async () => {
    const { listSupportedBackends } = await import('onnxruntime-node');
    const known = listSupportedBackends().map(({ name, bundled }) => `${name} (${bundled ? 'ready' : 'needs its libraries'})`);
    return `onnxruntime-node ${versionOf('onnxruntime-node')}: ${known.join(', ')}`;
  });
}

async function lookAtCodec(): Promise<Finding> {
  return look('codec', async () => {
    const { default: sharp } = await import('sharp');
    return `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}: reads jpeg, png, webp, avif, gif, tiff; writes jpeg, png, webp, avif`;
  });
}

async function lookAtModels({ models }: DoctorCommandOptions, cwd: string): Promise<Finding> {
  return look('models', async () => {
    const modelsDir = findModelsDir(models, cwd);
    const { manifest } = await openModelsDir(modelsDir);
    const names = Object.entries(manifest.models).map(([name, { version }]) => `${name} ${version}${name === manifest.defaultModel ? ' (default)' : ''}`);
    return `${names.join(', ')} in ${modelsDir}`;
  });
}

/** Loads the model for real: hashes are checked and the runtime has to take its graphs. */
async function lookAtEngine({ model, precision, backend, threads, models }: DoctorCommandOptions, cwd: string): Promise<Finding> {
  return look('would use', async () => {
    const begin = performance.now();
    await using restorer = await createNodeRestorer({ modelsDir: findModelsDir(models, cwd), backend, ...(threads === undefined ? {} : { threads }) });
    const engine = await restorer.load({ ...(model === undefined ? {} : { model }), precision });
    const took = formatDuration(performance.now() - begin);
    return `${engine.model.name} ${engine.model.version}, ${engine.precision}, on ${engine.backend}: ${reasonFor(engine.backend, backend)}; loaded and verified in ${took}`;
  });
}

function reasonFor(used: string, asked: NodeBackend): string {
  if (asked !== 'auto') return `asked for with --backend ${asked}`;
  return used === 'cuda' ? 'CUDA is installed and works' : 'CUDA is not installed or does not work here, WebGPU has to be asked for with --backend webgpu';
}

async function look(what: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, facts: await work() };
  } catch (error) {
    const { code, message } = describeFailure(error);
    return { what, ok: false, facts: `${message} (${code})` };
  }
}

function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string }; // every package has one
  return version;
}
