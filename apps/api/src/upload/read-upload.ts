/** A request -> the picture's bytes and the multipart fields; never more than the limit in memory, never longer than the time. */
import { IMAGE_FIELD, ROUTES } from '@fairweather/core/contract';
import { z } from '@hono/zod-openapi';
import { ApiError } from '../api-error.ts';
import { joinBytes } from '../join-bytes.ts';
import type { FetchPicture } from './fetch-picture.ts';

export type UploadLimits = {
  readonly maxBodyBytes: number;
  /** The whole body must have come by then. */
  readonly bodyTimeoutMs: number;
};

const urlBody = z.strictObject({ url: z.string().max(4096) });
const uploadsBody = z.strictObject({
  uploads: z
    .array(z.string().regex(/^up_[0-9a-f]{32}$/))
    .min(1)
    .max(1000),
});

export type Uploads = {
  readonly images: readonly Uint8Array[] /** Ids of pictures that lie in the storage. */;
  readonly uploads?: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
};

export type Upload = { readonly image: Uint8Array; readonly fields: Readonly<Record<string, string>> };

/**
 * The picture is the body itself, or the part `image` of `multipart/form-data`; what it is tells its content, not its declared type.
 * @param fetchPicture where pictures may be named by address: then `{"url":"https://..."}` as `application/json` is one too
 * @throws ApiError `too-large`, `request-timeout`, `bad-request`, `empty-input`, `url-refused`, `url-failed`; the signal's reason
 */
export async function readUpload(request: Request, limits: UploadLimits, fetchPicture?: FetchPicture): Promise<Upload> {
  const { images, fields } = await readUploads(request, limits, fetchPicture);
  const [image] = images;
  if (image === undefined || images.length > 1)
    throw new ApiError('bad-request', `Expected one part "${IMAGE_FIELD}", got several; send one picture a request, or all of them to ${ROUTES.jobs}.`);
  return { image, fields };
}

/**
 * One picture or, as several parts `image` of a form, more of them; none is empty.
 * @param byUpload whether `{"uploads":["up_..."]}` as `application/json` may name pictures that lie in the storage
 * @throws as `readUpload`
 */
export async function readUploads(
  request: Request,
  { maxBodyBytes, bodyTimeoutMs }: UploadLimits,
  fetchPicture?: FetchPicture,
  byUpload = false,
): Promise<Uploads> {
  const declared = Number(request.headers.get('Content-Length') ?? 0);
  if (declared > maxBodyBytes) throw tooLarge(maxBodyBytes, `it has ${declared}`);
  const bytes = await readBody(request, maxBodyBytes, bodyTimeoutMs);
  const type = request.headers.get('Content-Type') ?? '';
  if ((fetchPicture !== undefined || byUpload) && /^application\/json\b/i.test(type)) {
    const content = parseJson(bytes);
    const named = byUpload ? uploadsBody.safeParse(content).data : undefined;
    if (named !== undefined) return { images: [], uploads: named.uploads, fields: {} };
    if (fetchPicture !== undefined) return { images: [await fetchPicture(parseUrl(content), request.signal)], fields: {} };
    throw new ApiError(
      'bad-request',
      `Expected {"uploads":["up_..."]} with ids of ${ROUTES.uploads} as application/json, the body is not that; options go into the query.`,
    );
  }
  const upload = /^multipart\/form-data\b/i.test(type) ? await parseMultipart(bytes, type) : { images: [bytes], fields: {} };
  if (upload.images.some(({ length }) => length === 0))
    throw new ApiError('empty-input', `Expected a picture as the body or in the part "${IMAGE_FIELD}", got zero bytes.`);
  return upload;
}

async function readBody(request: Request, maxBytes: number, timeoutMs: number): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let stop: (error: unknown) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  const timer = setTimeout(
    () =>
      stop(new ApiError('request-timeout', `The body must come within ${timeoutMs} ms, ${length} bytes of it did; send a smaller one or over a faster line.`)),
    timeoutMs,
  );
  const leave = (): void => stop(request.signal.reason);
  request.signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stopped]);
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw tooLarge(maxBytes, 'it has more');
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // the body is given up; why is told by `error`
    throw error instanceof ApiError || request.signal.aborted
      ? error
      : new ApiError('bad-request', 'The body ended before it was whole; send it again.', { cause: error });
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', leave);
  }
  return joinBytes(chunks, length);
}

function parseUrl(content: unknown): string {
  const parsed = urlBody.safeParse(content);
  if (parsed.success) return parsed.data.url;
  throw new ApiError('bad-request', 'Expected {"url":"https://..."} as application/json, the body is not that; options go into the query.');
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // told as what it is not
  }
}

async function parseMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Uploads> {
  const form = await new Response(bytes, { headers: { 'Content-Type': type } }).formData().catch((cause: unknown) => {
    throw new ApiError('bad-request', `Expected ${type.split(';')[0]} with a boundary and whole parts, the body is not that; send it again.`, { cause });
  });
  const fields: Record<string, string> = {};
  const images: Uint8Array[] = [];
  for (const [name, value] of form) {
    if (name === IMAGE_FIELD) {
      if (typeof value === 'string') throw new ApiError('bad-request', `The part "${IMAGE_FIELD}" must be a file, with a filename; got a text field.`);
      images.push(new Uint8Array(await value.arrayBuffer()));
    } else if (typeof value !== 'string')
      throw new ApiError('bad-request', `The only file is the part "${IMAGE_FIELD}", got another one; send options as text fields.`);
    else if (Object.hasOwn(fields, name)) throw new ApiError('bad-request', 'Expected every field once, one came twice; join lists with commas.');
    else fields[name] = value;
  }
  if (images.length === 0) throw new ApiError('bad-request', `Expected a part "${IMAGE_FIELD}" with the picture, there is none.`);
  return { images, fields };
}

function tooLarge(maxBytes: number, got: string): ApiError {
  return new ApiError('too-large', `The body may have ${maxBytes} bytes, ${got}; send a smaller file.`);
}
