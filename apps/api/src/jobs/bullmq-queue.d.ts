import { type JobQueue, type QueueSettings } from './job.ts';
export type BullmqSettings = QueueSettings & {
  /** `redis://host:port` */
  readonly url: string;
  /** A server that does not renew its hold on a job for so long has ended; another one takes the job. */
  readonly lockMs: number;
};
/**
 * The outcome of a job stands in a key of its own that is set once: whoever else comes to an end with the same job, after a stall or against a
 * cancellation, changes nothing. BullMQ's priority is the round in which a job is due, as in `sqlite-queue`.
 */
export declare function openBullmqQueue(settings: BullmqSettings): Promise<JobQueue>;
