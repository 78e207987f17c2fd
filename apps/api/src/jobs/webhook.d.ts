/** An ended job -> a signed request to the address its client named (Standard Webhooks). */
import type { JobMessage } from '@fairweather/core/contract';
import type { CheckedRequest } from '../net/checked-request.ts';
import type { Job } from './job.ts';
/** What is sent: the job as `GET /v1/jobs/{id}` shows it, under the type of its end. */
export type WebhookMessage = {
  readonly type: `job.${'done' | 'failed' | 'cancelled'}`;
  readonly timestamp: string;
  readonly data: JobMessage;
};
/** Only to hosts that are allowed, by `createCheckedRequest`. @returns the status */
export type PostWebhook = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>;
/**
 * @param secret `whsec_` and base64
 * @param describe a job as its client sees it
 * @returns sends one job; rejects unless the receiver answers with a status from 200 to 299
 */
export declare function createWebhookSender(
  secret: string,
  post: PostWebhook,
  describe: (job: Job) => JobMessage,
  now: () => Date,
): (job: Job) => Promise<void>;
/** @param timeoutMs for the whole answer */
export declare function createWebhookPost({ check, send }: CheckedRequest, timeoutMs?: number): PostWebhook;
/** At once, then after 5 s, 15 s, 1, 5, 15, 30 and 60 minutes; then no more. */
export declare function webhookDelayMs(attempt: number): number | undefined;
