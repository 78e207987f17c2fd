/** The environment -> a frozen configuration; all faults are named at once. */
import { readFileSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type KeyRecord, parseKeyFile } from '@fairweather/core/api-key';
import type { NodeBackend } from '@fairweather/core/node';
import { z } from '@hono/zod-openapi';
import type { AppSettings } from './app-env.ts';
import type { EngineSettings } from './engine/engine.ts';
import type { WorkerSettings } from './engine/messages.ts';
import type { S3Settings } from './jobs/s3-store.ts';

export type Config = {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly app: AppSettings;
  readonly engine: EngineSettings;
  readonly worker: WorkerSettings;
  /** Hosts that pictures may be fetched from; none when empty. */
  readonly fetchHosts: readonly string[];
  /** For one fetched picture. */
  readonly fetchTimeoutMs: number;
  /** Proxies in front whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: number;
  readonly jobs: JobsConfig;
  /** Where rates are counted and jobs are queued for all servers together; in this one alone when left out. */
  readonly redisUrl: string | undefined;
  readonly drainTimeoutMs: number;
  /** Folder of the demo page, served at `/`; none when left out. */
  readonly demoDir: string | undefined;
};

export type JobsConfig = {
  /** Folder of the queue (without Redis) and of the pictures (without S3); one for this run alone when left out. */
  readonly dir: string | undefined;
  readonly s3: S3Settings | undefined;
  readonly linkFromBytes: number;
  readonly maxWaiting: number;
  readonly keepMs: number;
  /** Of Redis: a server that is silent for so long has ended. */
  readonly lockMs: number;
  /** Where webhooks may go, and what they are signed with; none when left out. */
  readonly webhooks: { readonly hosts: readonly string[]; readonly secret: string } | undefined;
};

/** What is wrong with the environment: one line a variable. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const PREFIX = 'FAIRWEATHER_';
const S3_LINK_SECONDS = 300;
/** One being done, one at hand. */
const WORK_PER_WORKER = 2;

/**
 * Variables and defaults are listed in the README. Empty ones count as absent.
 * @param readFile reads the key file
 * @throws ConfigError
 */
export function readConfig(environment: Environment, readFile: (path: string) => string = (path) => readFileSync(path, 'utf8')): Config {
  const faults: string[] = [];
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  if (!parsed.success) faults.push(...parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}, got ${show(String(path[0]), set)}`));
  const known = new Set(Object.keys(schema.shape));
  for (const name of Object.keys(set))
    if (name.startsWith(PREFIX) && !known.has(name)) faults.push(`${name} is not known; see the table in apps/api/README.md`);
  faults.push(...findIncomplete(set));
  const keys = readKeys(set, readFile, faults);
  const host = set.HOST ?? (keys === undefined ? '127.0.0.1' : '0.0.0.0');
  if (keys === undefined && set.FAIRWEATHER_KEYS === undefined && set.FAIRWEATHER_KEYS_FILE === undefined && !LOOPBACK.includes(host))
    faults.push(
      `HOST must be ${LOOPBACK.join(', ')} while there are no API keys, got ${JSON.stringify(host)}; make keys and name them with FAIRWEATHER_KEYS_FILE`,
    );
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);

  const env = parsed.data;
  const workers = env.FAIRWEATHER_WORKERS;
  const deadlineMs = env.FAIRWEATHER_DEADLINE_MS;
  const queuePerClient = env.FAIRWEATHER_QUEUE_PER_CLIENT ?? Math.max(1, Math.ceil((workers + env.FAIRWEATHER_QUEUE) / 2));
  return Object.freeze({
    host,
    port: env.PORT,
    logLevel: env.FAIRWEATHER_LOG_LEVEL,
    app: {
      maxBodyBytes: env.FAIRWEATHER_MAX_BODY_BYTES,
      maxUploadBytes: env.S3_MAX_UPLOAD_BYTES,
      maxPixels: env.FAIRWEATHER_MAX_PIXELS,
      maxSidePx: env.FAIRWEATHER_MAX_SIDE_PX,
      bodyTimeoutMs: env.FAIRWEATHER_BODY_TIMEOUT_MS,
      deadlineMs,
      queuePerClient,
      ratePerMinute: env.FAIRWEATHER_RATE_PER_MINUTE,
      keys,
      corsOrigins: env.FAIRWEATHER_CORS_ORIGINS ?? [],
    },
    engine: { workers, perWorker: WORK_PER_WORKER, queue: env.FAIRWEATHER_QUEUE, queuePerClient, deadlineMs },
    worker: {
      backends: env.FAIRWEATHER_BACKEND,
      threads: env.FAIRWEATHER_THREADS ?? Math.max(1, Math.floor(availableParallelism() / workers)),
      modelsDir: env.FAIRWEATHER_MODELS_DIR,
    },
    fetchHosts: env.FAIRWEATHER_FETCH_HOSTS ?? [],
    fetchTimeoutMs: env.FAIRWEATHER_FETCH_TIMEOUT_MS,
    trustedProxies: env.FAIRWEATHER_TRUSTED_PROXIES,
    jobs: {
      dir: env.FAIRWEATHER_JOBS_DIR ?? (env.PORT === 0 ? undefined : join(homedir(), '.local', 'state', 'fairweather', `jobs-${env.PORT}`)),
      s3: readS3(env),
      linkFromBytes: env.S3_LINK_FROM_BYTES,
      maxWaiting: env.FAIRWEATHER_JOBS_MAX,
      keepMs: env.FAIRWEATHER_JOBS_KEEP_MS,
      lockMs: env.FAIRWEATHER_JOBS_LOCK_MS,
      webhooks: readWebhooks(env),
    },
    redisUrl: env.REDIS_URL,
    drainTimeoutMs: env.FAIRWEATHER_DRAIN_TIMEOUT_MS,
    demoDir: env.FAIRWEATHER_DEMO_DIR,
  });
}

const SECRET = ['REDIS_URL', 'FAIRWEATHER_WEBHOOK_SECRET', 'S3_SECRET_ACCESS_KEY'];

/** Not for the log: a secret, or an address with a password in it. */
function show(name: string, set: Environment): string {
  return SECRET.includes(name) ? 'something else' : JSON.stringify(set[name]);
}

const integer = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,12}$/, `must be an integer from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be an integer from ${min} to ${max}`);

const BACKENDS = ['auto', 'cpu', 'cuda', 'webgpu'] as const satisfies readonly NodeBackend[];
const oneOf = <T extends string>(values: readonly T[]): z.ZodType<T, T> => z.enum(values as [T, ...T[]], `must be one of ${values.join(', ')}`); // no list is empty
const isHostPattern = (entry: string): boolean => /^(\*\.)?[a-z\d-]+(\.[a-z\d-]+)+(:\d{1,5})?$/.test(entry);
const isOrigin = (entry: string): boolean => entry === '*' || (/^https?:/.test(entry) && URL.parse(entry)?.origin === entry);

const schema = z.object({
  HOST: z.string().optional(),
  PORT: integer(0, 65_535).prefault('8080'),
  FAIRWEATHER_LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).prefault('info'),
  FAIRWEATHER_KEYS_FILE: z.string().optional(),
  FAIRWEATHER_KEYS: z.string().optional(),
  FAIRWEATHER_RATE_PER_MINUTE: integer(0, 1_000_000).prefault('120'),
  FAIRWEATHER_CORS_ORIGINS: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .refine((list) => list.every(isOrigin), 'must be * or origins (https://example.com) with commas between')
    .optional(),
  FAIRWEATHER_FETCH_HOSTS: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim().toLowerCase()))
    .refine((list) => list.every(isHostPattern), 'must be hosts (images.example.com, *.example.com, example.com:8443) with commas between')
    .optional(),
  FAIRWEATHER_FETCH_TIMEOUT_MS: integer(100, 600_000).prefault('10000'),
  FAIRWEATHER_JOBS_DIR: z.string().optional(),
  FAIRWEATHER_JOBS_MAX: integer(1, 1_000_000).prefault('10000'),
  FAIRWEATHER_JOBS_KEEP_MS: integer(1000, 604_800_000).prefault('3600000'),
  FAIRWEATHER_JOBS_LOCK_MS: integer(500, 600_000).prefault('30000'),
  FAIRWEATHER_WEBHOOK_HOSTS: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim().toLowerCase()))
    .refine((list) => list.every((entry) => entry === '*' || isHostPattern(entry)), 'must be * or hosts (app.example.com, *.example.com) with commas between')
    .optional(),
  FAIRWEATHER_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,128}={0,2}$/, 'must be whsec_ and 24 to 64 random bytes as base64')
    .optional(),
  S3_ENDPOINT: z
    .string()
    .refine((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''), 'must be https://host')
    .optional(),
  S3_REGION: z.string().prefault('us-east-1'),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_MAX_UPLOAD_BYTES: integer(1024, 1_073_741_824).prefault(String(128 * 1024 * 1024)),
  S3_LINK_FROM_BYTES: integer(0, 1_000_000_000).prefault('8388608'),
  REDIS_URL: z
    .string()
    .refine((url) => /^rediss?:$/.test(URL.parse(url)?.protocol ?? ''), 'must be redis://host:port or rediss://host:port')
    .optional(),
  FAIRWEATHER_TRUSTED_PROXIES: integer(0, 10).prefault('0'),
  FAIRWEATHER_MAX_BODY_BYTES: integer(1024, 1_073_741_824).prefault(String(32 * 1024 * 1024)),
  FAIRWEATHER_MAX_PIXELS: integer(1, 1_000_000_000).prefault('50000000'),
  FAIRWEATHER_MAX_SIDE_PX: integer(1, 65_535).prefault('16384'),
  FAIRWEATHER_DEADLINE_MS: integer(100, 3_600_000).prefault('120000'),
  FAIRWEATHER_BODY_TIMEOUT_MS: integer(100, 600_000).prefault('30000'),
  FAIRWEATHER_DRAIN_TIMEOUT_MS: integer(0, 3_600_000).prefault('30000'),
  FAIRWEATHER_WORKERS: integer(1, 64).prefault('1'),
  FAIRWEATHER_THREADS: integer(1, 256).optional(),
  FAIRWEATHER_BACKEND: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(z.enum(BACKENDS, `must be one or several of ${BACKENDS.join(', ')}, in the order they are tried`)))
    .prefault('auto'),
  FAIRWEATHER_QUEUE: integer(0, 10_000).prefault('16'),
  FAIRWEATHER_QUEUE_PER_CLIENT: integer(1, 10_000).optional(),
  FAIRWEATHER_MODELS_DIR: z.string().optional(),
  FAIRWEATHER_DEMO_DIR: z.string().optional(),
});

type Parsed = z.output<typeof schema>;

function readS3({
  S3_ENDPOINT: endpoint,
  S3_REGION: region,
  S3_BUCKET: bucket,
  S3_ACCESS_KEY_ID: id,
  S3_SECRET_ACCESS_KEY: secret,
}: Parsed): S3Settings | undefined {
  if (endpoint === undefined || bucket === undefined || id === undefined || secret === undefined) return undefined;
  return { endpoint, region, bucket, accessKeyId: id, secretAccessKey: secret, linkSeconds: S3_LINK_SECONDS };
}

function readWebhooks({ FAIRWEATHER_WEBHOOK_HOSTS: hosts, FAIRWEATHER_WEBHOOK_SECRET: secret }: Parsed): JobsConfig['webhooks'] {
  return hosts === undefined || secret === undefined ? undefined : { hosts, secret };
}

/** Variables that mean something together alone. */
const GROUPS: readonly (readonly string[])[] = [
  ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
  ['FAIRWEATHER_WEBHOOK_HOSTS', 'FAIRWEATHER_WEBHOOK_SECRET'],
];

function findIncomplete(set: Environment): readonly string[] {
  return GROUPS.flatMap((group) => {
    const missing = group.filter((name) => set[name] === undefined);
    return missing.length === 0 || missing.length === group.length
      ? []
      : missing.map((name) => `${name} must be set with ${group.filter((n) => n !== name).join(', ')}, it is not`);
  });
}

/** Keys of the file or of the variable; `undefined` when neither is set: open mode. */
function readKeys(
  { FAIRWEATHER_KEYS: inline, FAIRWEATHER_KEYS_FILE: path }: Environment,
  readFile: (path: string) => string,
  faults: string[],
): readonly KeyRecord[] | undefined {
  if (inline !== undefined && path !== undefined) faults.push('FAIRWEATHER_KEYS and FAIRWEATHER_KEYS_FILE must not be set both');
  if (inline === undefined && path === undefined) return undefined;
  const name = inline === undefined ? 'FAIRWEATHER_KEYS_FILE' : 'FAIRWEATHER_KEYS';
  try {
    const keys = parseKeyFile(inline ?? readFile(path as string)); // one of the two is set
    if (keys.length > 0) return keys;
    faults.push(`${name} must hold keys as "fairweather keys create" writes them: there are none`);
  } catch (error) {
    faults.push(`${name} must hold keys as "fairweather keys create" writes them: ${(error as Error).message}`);
  }
  return undefined;
}
