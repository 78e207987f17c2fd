/** A picture and options -> the multipart form of `POST /v1/restore` or `/v1/inspect`. */
import type { RestoreOptions } from './engine-port.ts';
import { RestoreError } from './errors.ts';

/** What stands beside the options in a form: checked, listened to and aborted on this side. */
const NOT_SENT: readonly string[] = ['signal', 'onProgress', 'limits', 'patchPixels'];

/**
 * The server checks the values; a name that would be ignored is refused here.
 * @throws RestoreError `invalid-option`
 */
export function buildForm(picture: Blob, options: RestoreOptions, kind: 'restore' | 'inspect'): FormData {
  const form = new FormData();
  for (const [name, text] of Object.entries(optionFields(options, kind))) form.append(name, text);
  form.append('image', picture, 'image'); // a part is a file by its name; what it is tells its content
  return form;
}

function optionFields({ ...options }: RestoreOptions, kind: 'restore' | 'inspect'): Record<string, string> {
  const { model, precision, remove, strength, seed, steps, tile, output = {}, ...others } = options;
  const unknown = Object.keys(others).find((name) => !NOT_SENT.includes(name));
  if (unknown !== undefined) refuse(unknown);
  const { format, quality, metadata, ...otherOutput } = output;
  const [strange] = Object.keys(otherOutput);
  if (strange !== undefined) refuse(`output.${strange}`);
  const ofRestore = { remove: remove?.join(','), strength, seed, steps, tile, format, quality, metadata };
  const misplaced = kind === 'inspect' && Object.entries(ofRestore).find(([, value]) => value !== undefined);
  if (misplaced) refuse(misplaced[0]);
  const set = Object.entries({ model, precision, ...ofRestore } satisfies Partial<Record<string, string | number | undefined>>);
  return Object.fromEntries(set.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

function refuse(option: string): never {
  throw new RestoreError('invalid-option', `There is no option "${option}" here; see the table in the README.`, { details: { option } });
}
