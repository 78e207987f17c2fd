import { type JobQueue, type QueueSettings } from './job.ts';
/**
 * @param path the file; its folder must be there. One server at a time: a second one is refused
 * @throws Error when the file is in use or is no database
 */
export declare function openSqliteQueue(path: string, settings: QueueSettings, now?: () => number): JobQueue;
