import { HEADERS, type JobMessage, type JobsMessage, jobPath, type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { createApiKey } from '@fairweather/core/api-key';
import { RestoreError } from '@fairweather/core';
import { describe, expect, it } from 'vitest';
import { createFakeApp, type FakeApp } from '../../testing/fake-app.ts';
import { createFakeWorkers } from '../../testing/fake-workers.ts';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { ApiError } from '../api-error.ts';

const bytes = Uint8Array.of(9, 8, 7);
const PATIENT = { timeout: 5000, interval: 5 };
const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({ method: 'POST', body, headers });

async function submit(
  { app }: FakeApp,
  body: BodyInit = bytes,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<JobsMessage> {
  const response = await app.request(ROUTES.jobs + query, post(body, headers));
  expect(response.status).toBe(202);
  return (await response.json()) as JobsMessage;
}

async function submitOne(fake: FakeApp): Promise<JobMessage> {
  const { jobs } = await submit(fake);
  return jobs[0] as JobMessage; // `submit` was given one picture
}

async function show({ app }: FakeApp, id: string): Promise<JobMessage> {
  return (await (await app.request(jobPath('job', id))).json()) as JobMessage;
}

const untilState = (fake: FakeApp, id: string, state: string): Promise<void> => expect.poll(async () => (await show(fake, id)).state, PATIENT).toBe(state);

async function problemOf(response: Response | Promise<Response>): Promise<Problem> {
  const answer = await response;
  expect(answer.headers.get('Content-Type')).toBe(PROBLEM_TYPE);
  const problem = (await answer.json()) as Problem;
  expect(problem.status).toBe(answer.status);
  return problem;
}

describe('POST /v1/jobs', () => {
  it('accepts a picture, says where to ask, and gives the result with the options it came with', async () => {
    const fake = await createFakeApp();
    const response = await fake.app.request(`${ROUTES.jobs}?seed=7&remove=rain`, post(bytes));
    const { jobs } = (await response.json()) as JobsMessage;
    const [job] = jobs;
    expect([response.status, jobs.length, response.headers.get('Location')]).toEqual([202, 1, job?.links.self]);
    await untilState(fake, job?.id ?? '', 'done');
    const { result, endedAt, expiresAt, problem } = await show(fake, job?.id ?? '');
    expect(result).toMatchObject({ mediaType: 'image/png', bytes: 3, report: { seed: 7, removed: ['rain'] } });
    expect([Date.parse(expiresAt ?? '') - Date.parse(endedAt ?? ''), problem]).toEqual([60_000, undefined]);
    const picture = await fake.app.request(job?.links.result ?? '');
    expect([picture.status, picture.headers.get('Content-Type'), new Uint8Array(await picture.arrayBuffer())]).toEqual([200, 'image/png', bytes]);
  });
  it('accepts many pictures of a form at once, one job each, in their order', async () => {
    const fake = await createFakeApp();
    const form = new FormData();
    for (const first of [1, 2, 3]) form.append('image', new Blob([Uint8Array.of(first)]), 'a.png');
    form.append('seed', '5');
    const { jobs } = await submit(fake, form);
    for (const [i, { id, links }] of jobs.entries()) {
      await untilState(fake, id, 'done');
      expect(new Uint8Array(await (await fake.app.request(links.result)).arrayBuffer())).toEqual(Uint8Array.of(i + 1));
    }
    expect([jobs.length, new Set(jobs.map(({ id }) => id)).size]).toEqual([3, 3]);
  });
  it('answers a repeated request with the jobs of the first, and keeps no second picture', async () => {
    const blobs = createMemoryStore();
    const fake = await createFakeApp({}, { blobs, workers: createFakeWorkers('held') });
    const headers = { [HEADERS.idempotencyKey]: 'key-1' };
    const first = await submit(fake, bytes, { headers });
    const again = await fake.app.request(ROUTES.jobs, post(bytes, headers));
    expect([((await again.json()) as JobsMessage).jobs[0]?.id, again.headers.get(HEADERS.idempotencyReplayed), blobs.blobs.size]).toEqual([
      first.jobs[0]?.id,
      'true',
      1,
    ]);
    expect(await problemOf(fake.app.request(`${ROUTES.jobs}?seed=1`, post(bytes, headers)))).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
    expect(await problemOf(fake.app.request(ROUTES.jobs, post(bytes, { [HEADERS.idempotencyKey]: 'a key' })))).toMatchObject({ code: 'bad-request' });
  });
  it('accepts nothing over its bound, and keeps none of the pictures', async () => {
    const blobs = createMemoryStore();
    const fake = await createFakeApp({}, { blobs, workers: createFakeWorkers('held') });
    const form = new FormData();
    for (let i = 0; i < 5; i++) form.append('image', new Blob([bytes]), 'a.png');
    const response = await fake.app.request(ROUTES.jobs, post(form));
    expect([response.headers.get('Retry-After'), (await problemOf(response)).code, blobs.blobs.size]).toEqual(['30', 'overloaded', 0]);
  });
  it('is not accepted when the picture cannot be kept', async () => {
    const full = async (): Promise<void> => {
      throw new ApiError('storage-failed', 'full', { retryAfterSec: 60 });
    };
    const fake = await createFakeApp({}, { blobs: { ...createMemoryStore(), put: full } });
    const response = await fake.app.request(ROUTES.jobs, post(bytes));
    expect([response.headers.get('Retry-After'), await problemOf(response)]).toEqual([
      '60',
      expect.objectContaining({ status: 503, code: 'storage-failed', retryable: true }),
    ]);
  });
  it.each<[string, string, BodyInit, string]>([
    ['a wrong option', '?seed=-1', bytes, 'invalid-option'],
    ['a webhook to where none may go', '?webhook=https://10.0.0.1/', bytes, 'url-refused'],
    ['no picture', '', new Uint8Array(), 'empty-input'],
  ])('refuses %s', async (_, query, body, code) => {
    const { app } = await createFakeApp();
    expect((await problemOf(app.request(ROUTES.jobs + query, post(body)))).code).toBe(code);
  });
});

describe('a job', () => {
  it('fails with the problem that a direct request would have had, and its result is that problem', async () => {
    const workers = createFakeWorkers('at-once', async () => {
      throw new RestoreError('truncated', 'The picture ends too early.');
    });
    const fake = await createFakeApp({}, { workers });
    const { id, links } = await submitOne(fake);
    await untilState(fake, id, 'failed');
    const problem = { status: 422, code: 'truncated', detail: 'The picture ends too early.', retryable: false };
    expect((await show(fake, id)).problem).toMatchObject(problem);
    expect(await problemOf(fake.app.request(links.result))).toMatchObject(problem);
  });
  it('has no result while it runs, and says when to come again', async () => {
    const fake = await createFakeApp({}, { workers: createFakeWorkers('held') });
    const { id, links } = await submitOne(fake);
    await untilState(fake, id, 'running');
    const response = await fake.app.request(links.result);
    expect([response.headers.get('Retry-After'), await problemOf(response)]).toEqual([
      '2',
      expect.objectContaining({ status: 409, code: 'job-not-done', retryable: true }),
    ]);
  });
  it('is cancelled by DELETE; one that has ended is forgotten by it, with its pictures', async () => {
    const blobs = createMemoryStore();
    const workers = createFakeWorkers('held');
    const fake = await createFakeApp({}, { workers, blobs });
    const { id, links } = await submitOne(fake);
    await untilState(fake, id, 'running');
    const cancelled = await fake.app.request(links.self, { method: 'DELETE' });
    expect([cancelled.status, ((await cancelled.json()) as JobMessage).state]).toEqual([200, 'cancelled']);
    expect((await problemOf(fake.app.request(links.result))).code).toBe('not-found');
    const other = await submitOne(fake);
    await untilState(fake, other.id, 'running');
    workers.finish();
    await untilState(fake, other.id, 'done');
    expect([...blobs.blobs.keys()]).toEqual([`${other.id}.result`]); // inputs go at once
    expect((await fake.app.request(other.links.self, { method: 'DELETE' })).status).toBe(204);
    expect([blobs.blobs.size, (await problemOf(fake.app.request(other.links.self))).code]).toEqual([0, 'not-found']);
  });
  it('is seen by its client alone', async () => {
    const [mine, other, eye] = await Promise.all([
      createApiKey({ name: 'mine', scopes: ['restore'] }),
      createApiKey({ name: 'other', scopes: ['restore'] }),
      createApiKey({ name: 'eye', scopes: ['inspect'] }),
    ]);
    const fake = await createFakeApp({ keys: [mine.record, other.record, eye.record] });
    const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });
    const { jobs } = await submit(fake, bytes, { headers: bearer(mine.key) });
    const { links } = jobs[0] as JobMessage; // one picture
    for (const path of Object.values(links)) {
      expect((await problemOf(fake.app.request(path, { headers: bearer(other.key) }))).code).toBe('not-found');
      expect((await problemOf(fake.app.request(path, { headers: bearer(eye.key) }))).code).toBe('forbidden');
    }
    expect((await problemOf(fake.app.request(links.self, { method: 'DELETE', headers: bearer(other.key) }))).code).toBe('not-found');
    expect((await fake.app.request(links.self, { headers: bearer(mine.key) })).status).toBe(200);
    expect((await problemOf(fake.app.request(ROUTES.jobs, post(bytes, bearer(eye.key))))).code).toBe('forbidden');
  });
  it('of a large result leads to where the picture is, when the store has links', async () => {
    const fake = await createFakeApp({}, { blobs: createMemoryStore('https://store.example/signed'), linkFromBytes: 3 });
    const { id, links } = await submitOne(fake);
    await untilState(fake, id, 'done');
    const response = await fake.app.request(links.result);
    expect([response.status, response.headers.get('Location')]).toEqual([303, 'https://store.example/signed']);
  });
});

describe('GET /v1/jobs/{id}/events', () => {
  const eventsOf = (text: string): readonly Record<string, string>[] =>
    text
      .split('\n\n')
      .filter((block) => block.includes('data:'))
      .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string])));

  it('tells the place of a job that waits, again when it has changed', async () => {
    const workers = createFakeWorkers('held');
    const fake = await createFakeApp({}, { workers });
    const jobs = [await submitOne(fake), await submitOne(fake), await submitOne(fake)];
    await untilState(fake, jobs[0]?.id ?? '', 'running');
    expect(await Promise.all(jobs.map(async ({ id }) => (await show(fake, id)).place))).toEqual([undefined, 1, 2]);
    const stream = await fake.app.request(jobs[2]?.links.events ?? '');
    const ended = (async () => {
      for (const { id } of jobs) {
        await untilState(fake, id, 'running');
        await new Promise((resolve) => setTimeout(resolve, 600)); // longer than the stream looks away
        workers.finish();
      }
    })();
    const told = eventsOf(await stream.text()).map(({ data }) => JSON.parse(data ?? '') as JobMessage);
    await ended;
    expect(told.map(({ state, place }) => [state, place])).toEqual([
      ['waiting', 2],
      ['waiting', 1],
      ['running', undefined],
      ['done', undefined],
    ]);
  });
  it('tells every state until the end, with ids that grow; goes on where it broke off, and then has nothing more', async () => {
    const workers = createFakeWorkers('held');
    const fake = await createFakeApp({}, { workers });
    const { id, links } = await submitOne(fake);
    await untilState(fake, id, 'running');
    const stream = await fake.app.request(links.events);
    expect(stream.headers.get('Content-Type')).toContain('text/event-stream');
    workers.finish();
    const events = eventsOf(await stream.text());
    expect(events.map(({ event }) => event)).toEqual(['running', 'done']);
    expect(events.map(({ data }) => (JSON.parse(data ?? '') as JobMessage).id)).toEqual([id, id]);
    expect(Number(events[1]?.id)).toBeGreaterThan(Number(events[0]?.id));
    const resumed = await fake.app.request(links.events, { headers: { 'Last-Event-ID': events[0]?.id ?? '' } });
    expect(eventsOf(await resumed.text()).map(({ event }) => event)).toEqual(['done']);
    expect((await fake.app.request(links.events, { headers: { 'Last-Event-ID': events[1]?.id ?? '' } })).status).toBe(204);
  });
});

describe('POST /v1/uploads', () => {
  it('says that there is no such place where pictures lie in a folder', async () => {
    const fake = await createFakeApp();
    expect(await problemOf(fake.app.request(`${ROUTES.uploads}?bytes=9`, { method: 'POST' }))).toMatchObject({ status: 404, code: 'not-found' });
    expect(await problemOf(fake.app.request(`${ROUTES.uploads}?bytes=much`, { method: 'POST' }))).toMatchObject({ status: 400, code: 'invalid-option' });
  });
});
