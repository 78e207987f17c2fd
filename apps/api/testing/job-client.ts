/** The jobs of a server as its clients see them, over HTTP. */
import { type JobMessage, type JobsMessage, ROUTES } from '@fairweather/core/contract';

/** @returns the accepted jobs, in the order of the pictures */
export async function submitJobs(url: string, pictures: readonly Uint8Array<ArrayBuffer>[], query = ''): Promise<readonly JobMessage[]> {
  const form = new FormData();
  for (const picture of pictures) form.append('image', new Blob([picture]), 'picture');
  const response = await fetch(`${url}${ROUTES.jobs}${query}`, { method: 'POST', body: form });
  if (response.status !== 202) throw new Error(`The jobs were not accepted: ${response.status} ${await response.text()}`);
  return ((await response.json()) as JobsMessage).jobs;
}

/** Nothing while the server cannot answer. */
export async function findJob(url: string, { links }: JobMessage): Promise<JobMessage | undefined> {
  const response = await fetch(url + links.self).catch(() => undefined); // it may be away for a moment
  return response?.ok ? ((await response.json()) as JobMessage) : undefined;
}

export async function fetchResult(url: string, { links }: JobMessage): Promise<Uint8Array> {
  const response = await fetch(url + links.result);
  if (!response.ok) throw new Error(`No result: ${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Events of a stream until the signal, the end of the stream or `enough`. */
export async function* readEvents(
  url: string,
  { links }: JobMessage,
  { lastEventId, signal }: { readonly lastEventId?: string; readonly signal?: AbortSignal } = {},
): AsyncGenerator<{ readonly id: string; readonly event: string; readonly job: JobMessage }> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  const response = await fetch(url + links.events, { headers, ...(signal === undefined ? {} : { signal }) });
  if (response.status === 204 || response.body === null) return;
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${text}${chunk}`.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('data') !== '') yield { id: field('id'), event: field('event'), job: JSON.parse(field('data')) as JobMessage };
    }
  }
}
