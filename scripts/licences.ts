/** `package-lock.json` -> the packages whose licence we may not build on. */
import satisfies from 'spdx-satisfies';

/** Licences anyone may build on and ship. */
const ALLOWED: readonly string[] = [
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
];

/** Only for tools that are not shipped. */
const ALLOWED_FOR_DEVELOPMENT: readonly string[] = ['MPL-2.0', 'CC-BY-3.0', 'CC-BY-4.0'];

/** Packages with a licence of their own kind, and why that is all right. */
const EXCEPTIONS: readonly { readonly name: RegExp; readonly licence: string; readonly why: string }[] = [
  { name: /^@img\/sharp-/, licence: 'LGPL-3.0-or-later', why: "sharp's libvips: a shared library, loaded and replaceable at run time" },
];

/** The part of a lockfile that matters here. */
export type Lockfile = { readonly packages: Readonly<Record<string, { readonly license?: string; readonly dev?: boolean; readonly link?: boolean }>> };

export type RefusedPackage = { readonly name: string; readonly licence: string };

/** Packages of the lockfile, except our own, whose licence is not allowed; one that states none is refused. */
export function findRefusedLicences({ packages }: Lockfile): readonly RefusedPackage[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .map(([path, { license = 'none stated', dev = false }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      licence: license,
      dev,
    }))
    .filter(({ name, licence, dev }) => !isAllowed(licence, [...ALLOWED, ...(dev ? ALLOWED_FOR_DEVELOPMENT : []), ...exceptionsFor(name)]))
    .map(({ name, licence }) => ({ name, licence }));
}

function exceptionsFor(name: string): readonly string[] {
  return EXCEPTIONS.filter((exception) => exception.name.test(name)).map(({ licence }) => licence);
}

/** Of `A OR B` one must be allowed, of `A AND B` both. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  try {
    return satisfies(expression, allowed);
  } catch {
    return false; // no SPDX expression, e.g. "SEE LICENSE IN ..."
  }
}
