/** How the command ends, for scripts. */
export const EXIT = {
  /** Everything was done. */
  ok: 0,
  /** Something failed; the rest was done. */
  failed: 1,
  /** Called wrongly; nothing was done. */
  usage: 2,
  /** Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
