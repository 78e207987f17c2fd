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
    readonly webhooks: {
        readonly hosts: readonly string[];
        readonly secret: string;
    } | undefined;
};
/** What is wrong with the environment: one line a variable. */
export declare class ConfigError extends Error {
    readonly name: string;
    readonly faults: readonly string[];
    constructor(faults: readonly string[]);
}
type Environment = Readonly<Record<string, string | undefined>>;
/**
 * Variables and defaults are listed in the README. Empty ones count as absent.
 * @param readFile reads the key file
 * @throws ConfigError
 */
export declare function readConfig(environment: Environment, readFile?: (path: string) => string): Config;
export {};
