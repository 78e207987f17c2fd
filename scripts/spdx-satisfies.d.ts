/** spdx-satisfies 6 brings no types; those of DefinitelyTyped are of an older version. */
declare module 'spdx-satisfies' {
  /** Whether an SPDX expression can be met with licences of the list alone. Throws where it is no SPDX expression. */
  export default function satisfies(expression: string, allowed: readonly string[]): boolean;
}
