/** Malformed uploads -> what became of each: a 4xx problem, a 200 where the damage has left a valid picture, or a fault of ours. */
import { connect } from 'node:net';
import { ERROR_TABLE, type Problem, PROBLEM_TYPE } from '@fairweather/core/contract';
import sharp from 'sharp';
import type { MalformedUpload } from './malformed-uploads.ts';

export type MalformedTally = {
  readonly sent: number;
  /** Answered with 4xx problems. */
  readonly refused: number;
  /** Damaged bytes that are a picture all the same: a decoder takes them, so they were restored. */
  readonly stillPictures: number;
  readonly byStatus: Readonly<Record<number, number>>;
  /** What is wrong with an answer, and with which upload. */
  readonly faults: readonly string[];
};

/** @param onSent told after each answer */
export async function sendMalformed(
  url: string,
  uploads: AsyncIterable<MalformedUpload>,
  { concurrency = 8, onSent = () => {} }: { readonly concurrency?: number; readonly onSent?: (sent: number) => void } = {},
): Promise<MalformedTally> {
  const port = Number(new URL(url).port);
  const byStatus: Record<number, number> = {};
  const faults: string[] = [];
  const queue = uploads[Symbol.asyncIterator]();
  let [sent, refused, stillPictures] = [0, 0, 0];
  const work = async (): Promise<void> => {
    for (let next = await queue.next(); !next.done; next = await queue.next()) {
      const upload: MalformedUpload = next.value;
      const answer = await exchange(port, upload);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      if (status === 200 && upload.mayDecode && (await decodes(upload.body))) stillPictures++;
      else {
        const fault = findFault(status, answer);
        if (fault === undefined) refused++;
        else faults.push(`${upload.what} (${upload.head[0]}): ${fault}`);
      }
      onSent(++sent);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { sent, refused, stillPictures, byStatus, faults };
}

/** Whether all of the bytes' pixels can be read, by a decoder that is asked beside the server. */
function decodes(bytes: Uint8Array): Promise<boolean> {
  return sharp(bytes, { failOn: 'truncated' })
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    );
}

function findFault(status: number, answer: string): string | undefined {
  if (status < 400 || status > 499) return `status ${status || 'none'}: ${answer.slice(0, 300)}`;
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  if (!head.toLowerCase().includes(`content-type: ${PROBLEM_TYPE}`)) return `status ${status} is no problem: ${head}`;
  const problem = JSON.parse(body) as Problem; // a throw is a fault too
  if (problem.status !== status || ERROR_TABLE[problem.code]?.status !== status || problem.requestId === '') return `a wrong problem: ${body}`;
  return /\/(home|root|usr|work)\/|node_modules|\.ts:\d/.test(body) ? `tells of our insides: ${body}` : undefined;
}

function exchange(port: number, { head, body, slow }: MalformedUpload): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {}); // the server may answer and close while we still write
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(slow ? body.subarray(0, -1) : body);
  });
}
