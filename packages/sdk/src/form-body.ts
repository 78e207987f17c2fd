/** A picture and options -> the multipart form of `POST /v1/restore` or `/v1/inspect`. */
import type { RestoreOptions } from './engine-port.ts';
import { RestoreError } from './errors.ts';

/**
 * The server checks the values; a name that would be ignored is refused here.
 * @throws RestoreError `invalid-option`
 */
export function buildForm(picture: Blob, options: RestoreOptions, kind: 'restore' | 'inspect'): FormData {
  // Listened to, aborted and limited on this side.
  const { signal, onProgress, limits, patchPixels, output, model, precision, ...others } = options;
  const form = new FormData();
  for (const [name, value] of Object.entries({ model, precision, ...others, ...output })) {
    if (value === undefined) continue;
    if (!FIELDS.slice(0, kind === 'inspect' ? 2 : undefined).includes(name))
      throw new RestoreError('invalid-option', `There is no option "${name}" here.`, { details: { option: name } });
    form.append(name, String(value)); // lists come out with commas between
  }
  form.append('image', picture, 'image'); // a part is a file by its name; what it is tells its content
  return form;
}

/** Those of an inspection first. A test holds them to the contract, whose tables would bring all their words into every page. */
const FIELDS: readonly string[] = ['model', 'precision', 'remove', 'strength', 'seed', 'steps', 'tile', 'scale', 'format', 'quality', 'metadata'];
