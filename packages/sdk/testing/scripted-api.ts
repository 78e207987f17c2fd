/** `fetch` for tests: answers one request after another as a script says, and writes down what came. */
import type { RestoreMessage } from '@fairweather/core/contract';
import { fakeReport } from './fake-engine.ts';

export type SeenRequest = { readonly url: string; readonly method: string; readonly headers: Headers; readonly body: FormData | undefined };
/** An answer, or what happens instead of one. */
export type ScriptedAnswer = (request: SeenRequest, signal: AbortSignal | undefined) => Response | Promise<Response>;

export type ScriptedApi = { readonly fetch: typeof globalThis.fetch; readonly seen: SeenRequest[] };

/** The last answer repeats. */
export function scriptApi(...answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): ScriptedApi {
  const seen: SeenRequest[] = [];
  return {
    seen,
    fetch: async (url, { method = 'GET', headers, body, signal } = {}) => {
      const request = { url: String(url), method, headers: new Headers(headers), body: body instanceof FormData ? body : undefined };
      seen.push(request);
      const answer = answers[Math.min(seen.length, answers.length) - 1] ?? answers[0];
      return answer(request, signal ?? undefined);
    },
  };
}

/** The picture as it came, under a report. */
export const restored: ScriptedAnswer = async ({ headers, body }) => {
  const image = body?.get('image') as File; // forms have one
  const { run, ...report } = fakeReport('remote');
  const dataUrl = `data:image/png;base64,${Buffer.from(await image.arrayBuffer()).toString('base64')}`;
  const requestId = headers.get('X-Request-Id') ?? '';
  const message: RestoreMessage = { requestId, image: { mediaType: 'image/png', width: 4, height: 2, bytes: image.size, dataUrl }, report };
  return Response.json(message, { headers: { 'X-Request-Id': requestId } });
};

export function problem(status: number, code: string, retryable: boolean, headers: Record<string, string> = {}): ScriptedAnswer {
  return ({ headers: sent }) => {
    const body = { type: 'about:blank', title: code, status, detail: `${code}.`, code, requestId: sent.get('X-Request-Id'), retryable };
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });
  };
}

export const refused: ScriptedAnswer = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }));

/** Never answers; heeds the abort as `fetch` does. */
export const silent: ScriptedAnswer = (_, signal) => new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/** The connection breaks off in the middle of the body. */
export const cutOff: ScriptedAnswer = () =>
  new Response(
    new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode('{"requestId":"x","ima')), pull: (c) => c.error(new TypeError('terminated')) }),
  );
