/** `client.jobs`: a client's transport and settings -> its jobs by their ids. */
import { linkSignal } from './deadline.ts';
import type { OnProgress } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import { buildForm } from './form-body.ts';
import { readPicture } from './input.ts';
import { watchJob } from './job-events.ts';
import { cancelJob, fetchResult, findJob, PATIENT_RETRIES, type SubmitPlan, submitJobs, waitForJob } from './job-requests.ts';
import type { Jobs, SubmitOptions } from './job-types.ts';
import { checkUpload } from './remote-engine.ts';
import type { Transport } from './transport.ts';

/** Runs one call of the client: its signals, its clock. */
export type Call = <T>(
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
  work: (running: { readonly signal: AbortSignal; readonly onProgress?: OnProgress }) => Promise<T>,
) => Promise<T>;

/**
 * @param transport nothing without a server
 * @param disposed aborted when the client is disposed of
 * @throws RestoreError `invalid-option` where there is no server, or pictures may not go there
 */
export function createJobs(transport: Transport | undefined, disposed: AbortSignal, call: Call): Jobs {
  if (transport === undefined) throw new RestoreError('invalid-option', 'Jobs are a server’s: give its baseUrl.', { details: { option: 'baseUrl' } });
  const { privacy, fetch } = transport.settings;
  if (privacy === 'on-device')
    throw new RestoreError('invalid-option', 'Jobs are a server’s, and privacy is on-device; use restore.', { details: { option: 'privacy' } });

  const submitMany: Jobs['submitMany'] = (inputs, options = {}) =>
    call(options, async ({ signal, onProgress }) => {
      const { idempotencyKey: key, webhook, ...given } = options;
      if (key !== undefined) checkKey(key);
      const pictures: Blob[] = [];
      for (const input of inputs) pictures.push(checkUpload(await readPicture(input, { maxBytes: options.limits?.maxBytes, signal, fetch }), given));
      const progress = onProgress && (await import('./upload-progress.ts')).followUpload(sizeOf(pictures), onProgress, transport.settings);
      const plan: SubmitPlan = { body: buildJobsForm(pictures, given, webhook), signal, ...(key !== undefined && { key }), ...progress };
      return (await submitJobs(transport, plan, pictures.length)).message.map(({ id }) => ({ id }));
    });
  return {
    submitMany,
    async submit(input, options) {
      const [job] = await submitMany([input], options);
      return job as { readonly id: string }; // a job a picture
    },
    get: (id, options = {}) => call(options, ({ signal }) => findJob(transport, id, { signal })),
    wait: (id, options = {}) => call(options, (running) => waitForJob(transport, id, running)),
    async *events(id, { lastEventId, signal } = {}) {
      const controller = new AbortController();
      const unlink = [linkSignal(disposed, controller), linkSignal(signal, controller)];
      try {
        yield* watchJob(transport, id, { lastEventId, signal: controller.signal, maxRetries: PATIENT_RETRIES });
      } finally {
        for (const release of unlink) release();
      }
    },
    result: (id, options = {}) => call(options, async ({ signal }) => fetchResult(transport, await findJob(transport, id, { signal }), { signal })),
    cancel: (id, options = {}) => call(options, ({ signal }) => cancelJob(transport, id, { signal })),
  };
}

function buildJobsForm([first, ...others]: readonly Blob[], options: Omit<SubmitOptions, 'webhook' | 'idempotencyKey'>, webhook: string | undefined): FormData {
  if (first === undefined) throw new RestoreError('empty-input', 'Expected at least one picture, got none.');
  const form = buildForm(first, options, 'restore');
  for (const picture of others) form.append('image', picture, 'image');
  if (webhook !== undefined) form.append('webhook', webhook);
  return form;
}

/** What cannot be a header would look like a failed connection. */
function checkKey(key: string): void {
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new RestoreError('invalid-option', 'idempotencyKey must be 1 to 255 visible ASCII letters without spaces; a UUID is one.', {
      details: { option: 'idempotencyKey' },
    });
}

function sizeOf(pictures: readonly Blob[]): number {
  return pictures.reduce((sum, { size }) => sum + size, 0);
}
