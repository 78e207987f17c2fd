import type { JobMessage } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import { fakeReport } from '../testing/fake-engine.ts';
import { createFakePlatform, type FakePlatform } from '../testing/fake-platform.ts';
import { problem, refused, type ScriptedAnswer, type ScriptedApi, scriptApi, silent } from '../testing/scripted-api.ts';
import { type Client, createClientWith } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import type { ProgressEvent } from './engine-port.ts';
import type { JobEvent } from './job-types.ts';

const picture = new Blob(['picture']);
const id = 'job_1';
const { run: _run, ...report } = fakeReport('remote');
const job = (state: JobMessage['state'], facts: Partial<JobMessage> = {}): JobMessage => ({
  id,
  state,
  createdAt: '2026-01-01T00:00:00Z',
  links: { self: '', events: '', result: '' },
  ...facts,
});
const done = job('done', { result: { mediaType: 'image/png', width: 4, height: 2, bytes: 7, report } });
const show =
  (message: JobMessage): ScriptedAnswer =>
  () =>
    Response.json(message);
const accept: ScriptedAnswer = ({ body }) =>
  Response.json({ requestId: 'r', jobs: (body?.getAll('image') ?? []).map((_, i) => job('waiting', { id: `job_${i + 1}` })) }, { status: 202 });
/** A stream with these events, ids from 1 on; it ends behind them. */
const tell =
  (...jobs: readonly JobMessage[]): ScriptedAnswer =>
  () =>
    new Response(jobs.map((message, i) => `event: ${message.state}\ndata: ${JSON.stringify(message)}\nid: ${i + 1}\n\n`).join(': \n\n'), {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8' },
    });
const pictureAnswer: ScriptedAnswer = () => new Response('picture', { headers: { 'Content-Type': 'image/png' } });

function setUp(...answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): Client & { readonly api: ScriptedApi; readonly platform: FakePlatform } {
  return setUpWith({}, ...answers);
}
function setUpWith(options: ClientOptions, ...answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): ReturnType<typeof setUp> {
  const api = scriptApi(...answers);
  const platform = createFakePlatform();
  const client = createClientWith({ baseUrl: 'https://api.example/', fetch: api.fetch, ...options }, { platform, openRouter: undefined });
  return { ...client, api, platform };
}
async function collect(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(`${event.id} ${event.job.state}`);
  return seen;
}

describe('a submission', () => {
  it('gives the id as soon as the server has accepted, with the options and the caller’s key', async () => {
    const events: ProgressEvent[] = [];
    const { jobs, api } = setUp(problem(503, 'overloaded', true, { 'Retry-After': '2' }), accept);
    const options = {
      seed: 3,
      idempotencyKey: 'order-17',
      webhook: 'https://shop.example/hook',
      onProgress: (event: ProgressEvent) => void events.push(event),
    };
    expect(await jobs.submit(picture, options)).toEqual({ id });
    expect(api.seen.map(({ method, url, headers }) => [method, url, headers.get('Idempotency-Key')])).toEqual(
      [1, 2].map(() => ['POST', 'https://api.example/v1/jobs', 'order-17']),
    );
    expect(Object.fromEntries([...(api.seen[1]?.body ?? [])].filter(([, value]) => typeof value === 'string'))).toEqual({
      seed: '3',
      webhook: 'https://shop.example/hook',
    });
    expect(events.map(({ type }) => type)).toEqual(['upload', 'upload', 'queue', 'upload', 'upload']);
  });
  it('takes many pictures in one request, one job each', async () => {
    const { jobs, api } = setUp(accept);
    expect(await jobs.submitMany([picture, new ArrayBuffer(3), picture])).toEqual([{ id: 'job_1' }, { id: 'job_2' }, { id: 'job_3' }]);
    expect(api.seen[0]?.body?.getAll('image').map((part) => (part as File).size)).toEqual([7, 3, 7]);
  });
  it.each<[string, ClientOptions, (client: Client) => Promise<unknown>, string]>([
    ['without a server', { baseUrl: undefined as unknown as string }, ({ jobs }) => jobs.submit(picture), 'invalid-option'],
    ['with privacy on-device', { privacy: 'on-device' }, ({ jobs }) => jobs.submit(picture), 'invalid-option'],
    ['of no picture', {}, ({ jobs }) => jobs.submitMany([]), 'empty-input'],
    ['with a key that is no header', {}, ({ jobs }) => jobs.submit(picture, { idempotencyKey: 'two words' }), 'invalid-option'],
    ['with an option there is not', {}, ({ jobs }) => jobs.submit(picture, { sead: 1 } as object), 'invalid-option'],
    ['over its own limit', {}, ({ jobs }) => jobs.submit(picture, { limits: { maxBytes: 3 } }), 'too-large'],
  ])('%s is refused before anything is sent', async (_, options, call, code) => {
    const client = setUpWith(options, accept);
    await expect(call(client)).rejects.toMatchObject({ name: 'RestoreError', code });
    expect(client.api.seen).toEqual([]);
  });
  it('that something else answers is told', async () => {
    await expect(setUp(() => Response.json({ jobs: [] })).jobs.submit(picture)).rejects.toMatchObject({ code: 'bad-response' });
  });
});

describe('a large picture', () => {
  const large = new Blob([new Uint8Array(8 * 1024 * 1024)]);
  const offer: ScriptedAnswer = () =>
    Response.json(
      {
        requestId: 'r',
        id: 'up_1',
        url: 'https://bucket.example/up_1?signed',
        method: 'PUT',
        headers: { 'Content-Length': String(large.size), 'X-Sse': 'on' },
      },
      { status: 201 },
    );
  const taken: ScriptedAnswer = () => new Response(null);
  const acceptOne: ScriptedAnswer = () => Response.json({ requestId: 'r', jobs: [job('waiting')] }, { status: 202 });
  const requests = ({ api }: ReturnType<typeof setUp>): string[] => api.seen.map(({ method, url }) => `${method} ${url}`);

  it('is put into the storage where the server has one, without its key, and handed in by its id', async () => {
    const events: ProgressEvent[] = [];
    const client = setUpWith({ apiKey: 'fw_key' }, offer, taken, acceptOne);
    expect(await client.jobs.submit(large, { seed: 3, remove: ['rain'], onProgress: (event) => events.push(event) })).toEqual({ id });
    expect(requests(client)).toEqual([
      `POST https://api.example/v1/uploads?bytes=${large.size}`,
      'PUT https://bucket.example/up_1?signed',
      'POST https://api.example/v1/jobs?seed=3&remove=rain',
    ]);
    expect(Object.fromEntries(client.api.seen[1]?.headers ?? [])).toEqual({ 'x-sse': 'on' });
    expect(client.api.seen[2]?.body).toBeUndefined(); // no form
    expect(events.map((event) => event.type === 'upload' && event.sentBytes)).toEqual([0, large.size]);
  });
  it.each<[string, readonly ScriptedAnswer[], number]>([
    ['the server takes none there', [problem(404, 'not-found', false)], 1],
    ['the storage is not reached', [offer, refused], 3],
    ['the storage refuses it', [offer, () => new Response('<Error/>', { status: 403 })], 2],
  ])('is sent to the server itself when %s', async (_, before, requestsBefore) => {
    const answers = [...before, ...(requestsBefore === 3 ? [refused] : []), accept] as [ScriptedAnswer];
    const client = setUp(...answers);
    expect(await client.jobs.submit(large)).toEqual({ id });
    expect(requests(client)).toHaveLength(requestsBefore + 1);
    expect(client.api.seen.at(-1)?.body?.get('image')).toHaveProperty('size', large.size);
  });
  it('is refused with the server’s reason when it is too large for its storage', async () => {
    await expect(setUp(problem(413, 'too-large', false)).jobs.submit(large)).rejects.toMatchObject({ code: 'too-large', status: 413 });
  });
  it('is sent to the server itself under a key of the caller, whose request must stay the same', async () => {
    const client = setUp(accept);
    await client.jobs.submit(large, { idempotencyKey: 'order-17' });
    expect(requests(client)).toEqual(['POST https://api.example/v1/jobs']);
  });
  it('stops at an abort', async () => {
    const controller = new AbortController();
    const client = setUp(offer, (request, signal) => {
      controller.abort();
      return silent(request, signal);
    });
    await expect(client.jobs.submit(large, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(client.api.seen).toHaveLength(2);
  });
});

describe('the events of a job', () => {
  it('come in their order and end with the job, whatever comes between them', async () => {
    const { jobs, api } = setUp(tell(job('waiting'), job('running'), done));
    expect(await collect(jobs.events(id))).toEqual(['1 waiting', '2 running', '3 done']);
    expect(api.seen.map(({ url, headers }) => [url, headers.get('Accept'), headers.get('Last-Event-ID')])).toEqual([
      ['https://api.example/v1/jobs/job_1/events', 'text/event-stream', null],
    ]);
  });
  it('begin behind the one that was seen last; when there are no more, they end', async () => {
    const { jobs, api } = setUp(() => new Response(null, { status: 204 }));
    expect(await collect(jobs.events(id, { lastEventId: '7' }))).toEqual([]);
    expect(api.seen[0]?.headers.get('Last-Event-ID')).toBe('7');
  });
  it('go on where the stream ended, broke or was not there, after waits that begin anew with every event', async () => {
    const cut: ScriptedAnswer = () =>
      new Response(new ReadableStream({ pull: (c) => c.error(new TypeError('terminated')) }), { headers: { 'Content-Type': 'text/event-stream' } });
    const { jobs, api, platform } = setUp(
      tell(job('running')),
      refused,
      cut,
      problem(503, 'not-ready', true, { 'Retry-After': '5' }),
      tell(job('running'), done),
    );
    expect(await collect(jobs.events(id))).toEqual(['1 running', '1 running', '2 done']);
    expect(api.seen.map(({ headers }) => headers.get('Last-Event-ID'))).toEqual([null, '1', '1', '1', '1']);
    expect(platform.waits).toEqual([500, 1000, 2000, 5000]);
  });
  it('are given up when the server stays away, with what was wrong', async () => {
    const { jobs, platform } = setUpWith({ maxRetries: 0 }, refused);
    await expect(collect(jobs.events(id))).rejects.toMatchObject({ code: 'connection-failed', retryable: true });
    expect(platform.waits).toHaveLength(30);
  });
  it('are not looked for again where that would not help', async () => {
    for (const [answer, code] of [
      [problem(404, 'not-found', false), 'not-found'],
      [() => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'bad-response'],
      [() => new Response('data: {\nid: 1\n\n', { headers: { 'Content-Type': 'text/event-stream' } }), 'bad-response'],
    ] as const) {
      const { jobs, api } = setUp(answer);
      await expect(collect(jobs.events(id))).rejects.toMatchObject({ code });
      expect(api.seen).toHaveLength(1);
    }
  });
  it('end the stream when the loop is left, or by an abort, and nothing is asked again', async () => {
    let closed = 0;
    const open: ScriptedAnswer = () =>
      new Response(
        new ReadableStream({
          start: (c) => c.enqueue(new TextEncoder().encode(`id: 1\ndata: ${JSON.stringify(job('running'))}\n\n`)),
          cancel: () => void closed++,
        }),
        { headers: { 'Content-Type': 'text/event-stream' } },
      );
    const { jobs, api } = setUp(open);
    for await (const { job: now } of jobs.events(id)) if (now.state === 'running') break;
    expect([closed, api.seen.length]).toEqual([1, 1]);
    const controller = new AbortController();
    const loop = (async () => {
      for await (const _ of jobs.events(id, { signal: controller.signal })) controller.abort(new Error('enough'));
    })();
    await expect(loop).rejects.toThrow('enough');
    expect([closed, api.seen.length]).toEqual([2, 2]);
  });
  it('end when the client is disposed of', async () => {
    const { jobs, dispose } = setUp(silent);
    const next = jobs.events(id).next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await dispose();
    await expect(next).rejects.toMatchObject({ code: 'disposed' });
  });
});

describe('waiting for a job', () => {
  it('tells its place and its work, and gives picture and report', async () => {
    const events: ProgressEvent[] = [];
    const stream = tell(job('waiting', { place: 2 }), job('waiting', { place: 1 }), job('running', { progress: { phase: 'restore', fraction: 0.5 } }), done);
    const { jobs, api } = setUp(stream, pictureAnswer);
    const { image, report: told } = await jobs.wait(id, { onProgress: (event) => events.push(event) });
    expect([await image.text(), image.type, told.seed, told.run.jobId, told.run.engine]).toEqual(['picture', 'image/png', 0, id, 'remote']);
    expect(events).toEqual([
      { type: 'queue', attempt: 1, waitMs: 0, place: 2, elapsedMs: 0 },
      { type: 'queue', attempt: 1, waitMs: 0, place: 1, elapsedMs: 0 },
      { type: 'work', phase: 'restore', fraction: 0.5, elapsedMs: 0 },
      { type: 'work', phase: 'encode', fraction: 1, elapsedMs: 0 },
    ]);
    expect(api.seen.map(({ method }) => method)).toEqual(['GET', 'GET']); // nothing is forgotten by the server
  });
  it('fetches the picture with patience, too', async () => {
    const { jobs, platform } = setUp(tell(done), refused, refused, refused, refused, refused, pictureAnswer);
    expect(await (await jobs.wait(id)).image.text()).toBe('picture');
    expect(platform.waits).toHaveLength(5);
  });
  it('throws what the job ended in', async () => {
    const failed = job('failed', {
      problem: { type: 'about:blank', title: '', status: 422, detail: 'It ends too early.', code: 'truncated', requestId: 'r1', retryable: false },
    });
    await expect(setUp(tell(failed)).jobs.wait(id)).rejects.toMatchObject({ code: 'truncated', status: 422, requestId: 'r1', retryable: false });
    await expect(setUp(tell(job('cancelled'))).jobs.wait(id)).rejects.toMatchObject({ code: 'client-closed', retryable: true });
  });
  it('is ended by an abort, which asks nothing again and cancels nothing', async () => {
    const { jobs, api, platform } = setUp(silent);
    const controller = new AbortController();
    const call = jobs.wait(id, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect([api.seen.map(({ method }) => method), platform.waits]).toEqual([['GET'], []]);
  });
});

describe('the result of a job', () => {
  it('is its picture and its report', async () => {
    expect(await (await setUp(show(done), pictureAnswer).jobs.result(id)).image.text()).toBe('picture');
  });
  it('is not there before it is done, nor once it has expired', async () => {
    await expect(setUp(show(job('running'))).jobs.result(id)).rejects.toMatchObject({ code: 'job-not-done', status: 409, retryable: true });
    await expect(setUp(problem(404, 'not-found', false)).jobs.result(id)).rejects.toMatchObject({ code: 'not-found', status: 404 });
    await expect(setUp(show(done), problem(404, 'not-found', false)).jobs.result(id)).rejects.toMatchObject({ code: 'not-found' });
  });
});

it('a job is shown, and cancelled, by its id', async () => {
  const { jobs, api } = setUp(show(job('waiting', { place: 4 })));
  expect(await jobs.get('job/1')).toMatchObject({ state: 'waiting', place: 4 });
  await jobs.cancel(id);
  expect(api.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET https://api.example/v1/jobs/job%2F1',
    'DELETE https://api.example/v1/jobs/job_1',
  ]);
});
