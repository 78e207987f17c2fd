/** A restoration that goes on -> an answer that tells its progress, line by line, and ends with the picture or the problem. */
import type { RestoreResult } from '@fairweather/core';
import { PROGRESS_TYPE, type RestoreEvent } from '@fairweather/core/contract';
import type { Context } from 'hono';
import { describeFailure } from '../api-error.ts';
import type { AnswerEnd, AppEnv } from '../app-env.ts';

export type Tell = (event: RestoreEvent) => void;

/** Between signs of life of an answer that has nothing to tell: what stands in between gives silent connections up. */
const HEARTBEAT_MS = 15_000;
/** Lines that a slow reader may be behind; what comes then is not told to it. */
const MAX_BEHIND = 64;

/**
 * The answer begins with the first news: what fails before is thrown, and answered as any other failure.
 * @param work a reader that goes aborts its signal
 */
export async function answerProgress(c: Context<AppEnv>, work: (tell: Tell, signal: AbortSignal) => Promise<RestoreResult>): Promise<Response> {
  const requestId = c.get('requestId');
  const [begun, ended, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<AnswerEnd>(), new AbortController()];
  let lines: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        lines = controller;
      },
      cancel: (reason) => gone.abort(reason),
    },
    { highWaterMark: MAX_BEHIND },
  );
  const say = (text: string): void => {
    if (!gone.signal.aborted) lines?.enqueue(new TextEncoder().encode(`${text}\n`));
  };
  const tell: Tell = (event) => {
    if ((lines?.desiredSize ?? 0) > 0) say(JSON.stringify(event));
    begun.resolve();
  };
  const result = work(tell, gone.signal);
  await Promise.race([begun.promise, result]);

  const heartbeat = setInterval(() => (lines?.desiredSize ?? 0) > 0 && say(''), HEARTBEAT_MS);
  const end = (how: AnswerEnd): void => {
    clearInterval(heartbeat);
    if (!gone.signal.aborted) lines?.close();
    ended.resolve(how);
  };
  result.then(
    ({ image, report, mediaType, width, height }) => {
      const event: RestoreEvent = { type: 'result', requestId, image: { mediaType, width, height, bytes: image.length }, report };
      say(JSON.stringify(event));
      if (!gone.signal.aborted) lines?.enqueue(image);
      end({ status: 200 });
    },
    (thrown: unknown) => {
      const { problem, retryAfterSec: retryAfter } = describeFailure(thrown, requestId);
      const event: RestoreEvent = { type: 'problem', problem, ...(retryAfter === undefined ? {} : { retryAfter }) };
      c.get('facts').code = problem.code;
      say(JSON.stringify(event));
      end({ status: problem.status, thrown });
    },
  );
  c.set('goesOn', ended.promise);
  return c.body(body, 200, { 'Content-Type': PROGRESS_TYPE, 'Cache-Control': 'no-store', Vary: 'Accept', 'X-Accel-Buffering': 'no' }); // proxies hand on what comes
}
