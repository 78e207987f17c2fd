/** An ended job -> a signed request to the address its client named (Standard Webhooks). */
import type { JobMessage } from '@fairweather/core/contract';
import { Webhook } from 'standardwebhooks';
import type { CheckedRequest } from '../net/checked-request.ts';
import type { Job } from './job.ts';

/** What is sent: the job as `GET /v1/jobs/{id}` shows it, under the type of its end. */
export type WebhookMessage = { readonly type: `job.${'done' | 'failed' | 'cancelled'}`; readonly timestamp: string; readonly data: JobMessage };

/** Only to hosts that are allowed, by `createCheckedRequest`. @returns the status */
export type PostWebhook = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>;

/**
 * @param secret `whsec_` and base64
 * @param describe a job as its client sees it
 * @returns sends one job; rejects unless the receiver answers with a status from 200 to 299
 */
export function createWebhookSender(secret: string, post: PostWebhook, describe: (job: Job) => JobMessage, now: () => Date): (job: Job) => Promise<void> {
  const webhook = new Webhook(secret);
  return async (job) => {
    if (job.webhook === undefined) return;
    const at = now();
    const type = `job.${job.state}` as WebhookMessage['type']; // it has ended
    const body = JSON.stringify({ type, timestamp: at.toISOString(), data: describe(job) } satisfies WebhookMessage);
    // The id stays the same over retries: by it a receiver knows what it has had already.
    const headers = { 'webhook-id': job.id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': webhook.sign(job.id, at, body) };
    const status = await post(job.webhook, headers, body);
    if (status < 200 || status > 299) throw new Error(`The receiver of job ${job.id} answered with status ${status}.`);
  };
}

/** @param timeoutMs for the whole answer */
export function createWebhookPost({ check, send }: CheckedRequest, timeoutMs = 10_000): PostWebhook {
  return async (url, headers, body) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(check(url), { signal, method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
    response.destroy(); // only the status counts
    return response.statusCode ?? 0;
  };
}

const SECOND = 1000;
const DELAYS_SEC = [0, 5, 15, 60, 300, 900, 1800, 3600];

/** At once, then after 5 s, 15 s, 1, 5, 15, 30 and 60 minutes; then no more. */
export function webhookDelayMs(attempt: number): number | undefined {
  const seconds = DELAYS_SEC[attempt - 1];
  return seconds === undefined ? undefined : seconds * SECOND;
}
