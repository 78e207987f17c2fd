/** How an upload is described in `/openapi.json`: the picture as the body, or a form with the options beside it. */
import { IMAGE_FIELD } from '@fairweather/core/contract';
import type { AppDeps } from '../app-env.ts';

type TextSchema = { type: 'string'; format?: 'binary' | 'uri'; description?: string };
type Schema =
  | { type: 'string'; format: 'binary' }
  | { type: 'object'; required: string[]; properties: Record<string, TextSchema | { type: 'array'; items: { type: 'string' }; description: string }> }
  | { anyOf: Schema[] };
type UploadBody = { required: true; content: Record<string, { schema: Schema }> };

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'application/octet-stream'];

/** Where pictures may be named by their address. */
const BY_ADDRESS: UploadBody['content'] = {
  'application/json': {
    schema: { type: 'object', required: ['url'], properties: { url: { type: 'string', format: 'uri', description: 'Where the picture is, by https.' } } },
  },
};

/** Where pictures may be put into the storage first. */
const BY_UPLOAD: UploadBody['content'] = {
  'application/json': {
    schema: {
      type: 'object',
      required: ['uploads'],
      properties: { uploads: { type: 'array', items: { type: 'string' }, description: 'Ids of `POST /v1/uploads`, put there; one job each.' } },
    },
  },
};

/** Not validated by the framework: bodies are read by `readUpload`, under its limits. */
export function describeUpload(
  fields: readonly string[],
  { fetchPicture, byUpload = false }: { readonly fetchPicture?: AppDeps['fetchPicture'] | undefined; readonly byUpload?: boolean },
): UploadBody {
  const picture: Schema = { type: 'string', format: 'binary' };
  const form: Schema = {
    type: 'object',
    required: [IMAGE_FIELD],
    properties: {
      [IMAGE_FIELD]: { type: 'string', format: 'binary', description: 'The picture, with a filename.' },
      ...Object.fromEntries(fields.map((field) => [field, { type: 'string' as const, description: 'As the query parameter of this name.' }])),
    },
  };
  return {
    required: true,
    content: {
      ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema: picture }])),
      'multipart/form-data': { schema: form },
      ...describeJson([...(fetchPicture === undefined ? [] : [BY_ADDRESS]), ...(byUpload ? [BY_UPLOAD] : [])]),
    },
  };
}

function describeJson(forms: readonly UploadBody['content'][]): UploadBody['content'] {
  const schemas = forms.flatMap((form) => Object.values(form).map(({ schema }) => schema));
  const [only] = schemas;
  return only === undefined ? {} : { 'application/json': { schema: schemas.length === 1 ? only : { anyOf: schemas } } };
}

/** The statuses every upload may end with. */
export const UPLOAD_PROBLEMS = [400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 504] as const;
