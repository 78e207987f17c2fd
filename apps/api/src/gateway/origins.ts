/** The servers behind a gateway -> the one to ask next: one that is well, with the least in hand; and when to come again when there is none. */

export type Origins = {
  /**
   * The best origin but those already tried; one that failed a short time ago only when there is no other. Its place is held until `release`.
   */
  choose(tried: ReadonlySet<string>): Held | undefined;
  /** Whether there is one that is well and has not been tried. */
  hasWell(tried: ReadonlySet<string>): boolean;
  /** Seconds until one that is full or down may be well again, at least 1. */
  retryAfterSec(): number;
};

export type Held = {
  readonly url: string;
  release(): void;
  /** It did not answer, or answered that it cannot: asked again after this time. */
  failed(retryAfterSec: number): void;
};

type State = { readonly url: string; inHand: number; downUntil: number };

/** What one isolate or process has seen; others see for themselves. @param now milliseconds */
export function createOrigins(urls: readonly string[], now: () => number = Date.now): Origins {
  const states = urls.map((url): State => ({ url: url.replace(/\/$/, ''), inHand: 0, downUntil: 0 }));
  let turn = 0;
  return {
    choose(tried) {
      const left = states.filter(({ url }) => !tried.has(url));
      const well = left.filter(({ downUntil }) => downUntil <= now());
      const candidates = well.length > 0 ? well : left;
      const least = Math.min(...candidates.map(({ inHand }) => inHand));
      const best = candidates.filter(({ inHand }) => inHand === least);
      const state = best[turn++ % Math.max(1, best.length)];
      if (state === undefined) return undefined;
      state.inHand++;
      let held = true;
      return {
        url: state.url,
        release() {
          if (held) state.inHand--;
          held = false;
        },
        failed(retryAfterSec) {
          state.downUntil = now() + 1000 * retryAfterSec;
        },
      };
    },
    hasWell: (tried) => states.some(({ url, downUntil }) => !tried.has(url) && downUntil <= now()),
    retryAfterSec: () => Math.max(1, Math.ceil((Math.min(...states.map(({ downUntil }) => downUntil)) - now()) / 1000)),
  };
}
