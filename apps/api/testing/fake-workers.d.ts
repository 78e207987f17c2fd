import type { Work, WorkResult } from '../src/engine/messages.ts';
import { type InferenceWorker } from '../src/engine/start-worker.ts';
/** What a test does to a worker, and sees of it. */
export type FakeWorkers = {
  start(): Promise<InferenceWorker>;
  /** First bytes of the pictures, in the order they were begun. */
  readonly begun: number[];
  /** Workers started so far. */
  readonly started: number;
  /** Ends the oldest piece of work: with its result, with an error, or with the loss of its worker. */
  finish(): void;
  fail(error: unknown): void;
  lose(): void;
};
/** @param mode `at-once` answers by itself; `held` waits for the test */
export declare function createFakeWorkers(mode: 'at-once' | 'held', answer?: (work: Work) => Promise<WorkResult[Work['kind']]>): FakeWorkers;
/** The picture as it came, under a report with the options that reached the worker. */
export declare function echo({ kind, input, options }: Work): WorkResult[Work['kind']];
