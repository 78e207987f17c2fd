/** A request's body -> one that can be sent to several origins in turn: kept while it is short, streamed through once when it is not. */
import { joinBytes } from '../join-bytes.ts';

export type ReplayableBody = {
  /** For the next try; nothing where there is no body. @throws Error after the first try of a long one */
  next(): BodyInit | null;
  /** Whether there can be another try. */
  readonly replayable: boolean;
  /** Whether it went over its limit on the way: platforms hide why a request broke off. */
  readonly overrun: boolean;
};

/** What a body over the limit ends with: the request to the origin breaks off. */
export class BodyTooLarge extends Error {
  override readonly name: string = 'BodyTooLarge';
}

/**
 * Never more than `keepBytes` in memory, whatever the size of the body. One that says it is longer is handed on as it is: the platform holds it
 * to what it says, and moves its bytes without us.
 * @param declaredBytes as `Content-Length` says, or nothing
 * @param maxBytes a longer body ends with `BodyTooLarge`
 */
export async function openBody(
  body: ReadableStream<Uint8Array> | null,
  declaredBytes: number | undefined,
  keepBytes: number,
  maxBytes: number,
): Promise<ReplayableBody> {
  if (body === null) return { next: () => null, replayable: true, overrun: false };
  if (declaredBytes !== undefined && declaredBytes > maxBytes) throw new BodyTooLarge();
  if (declaredBytes !== undefined && declaredBytes > keepBytes) return { next: () => body, replayable: false, overrun: false };
  const reader = body.getReader();
  const kept: Uint8Array[] = [];
  let length = 0;
  while (length <= keepBytes) {
    const { done, value } = await reader.read();
    if (done) {
      const whole = joinBytes(kept, length);
      return { next: () => whole, replayable: true, overrun: false };
    }
    length += value.length;
    if (length > maxBytes) throw new BodyTooLarge();
    kept.push(value);
  }
  let [sent, overrun] = [false, false];
  return {
    replayable: false,
    get overrun() {
      return overrun;
    },
    next() {
      if (sent) throw new Error('A long body can be sent once.');
      sent = true;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const first = kept.shift();
          if (first !== undefined) return controller.enqueue(first);
          const { done, value } = await reader.read();
          if (done) return controller.close();
          length += value.length;
          if (length > maxBytes) {
            overrun = true;
            await reader.cancel();
            return controller.error(new BodyTooLarge());
          }
          controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      });
    },
  };
}
