/** The worker thread of `ort-node`: requests in, sessions and results out. Runs one request after another, as ONNX Runtime would anyway. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ExternalData } from '../graph/graph.ts';
import { openOrtSession, type OrtSession, type PlainTensors, type SessionSettings } from './ort-session.ts';

export type WorkerRequest =
  | { readonly id: number; readonly type: 'create'; readonly onnx: Uint8Array; readonly externalData: readonly ExternalData[] }
  | { readonly id: number; readonly type: 'run'; readonly session: number; readonly feeds: PlainTensors; readonly into: PlainTensors }
  | { readonly id: number; readonly type: 'release'; readonly session: number };

export type WorkerReply =
  | { readonly id: number; readonly type: 'created'; readonly session: number; readonly inputNames: readonly string[]; readonly outputNames: readonly string[] }
  | { readonly id: number; readonly type: 'ran' /** Without those of `into`. */; readonly outputs: PlainTensors }
  | { readonly id: number; readonly type: 'released' }
  | { readonly id: number; readonly type: 'failed'; readonly error: unknown };

if (parentPort !== null) serve(parentPort, workerData as SessionSettings); // set by `ort-node`, the only one who starts this file

function serve(port: NonNullable<typeof parentPort>, settings: SessionSettings): void {
  const sessions = new Map<number, OrtSession>();
  let queue: Promise<void> = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    queue = queue.then(async () => {
      const reply = await answer(request, sessions, settings).catch((error: unknown): WorkerReply => ({ id: request.id, type: 'failed', error }));
      port.postMessage(reply, reply.type === 'ran' ? buffersOf(reply.outputs) : []);
    });
  });
}

async function answer(request: WorkerRequest, sessions: Map<number, OrtSession>, settings: SessionSettings): Promise<WorkerReply> {
  const { id } = request;
  if (request.type === 'create') {
    const session = await openOrtSession(request.onnx, request.externalData, settings);
    sessions.set(id, session); // the request's id serves as the session's
    return { id, type: 'created', session: id, inputNames: session.inputNames, outputNames: session.outputNames };
  }
  const session = sessions.get(request.session);
  if (session === undefined) throw new Error(`There is no session ${request.session}; it was released.`);
  if (request.type === 'run') {
    const outputs = await session.run(request.feeds, request.into);
    const others = Object.entries(outputs).filter(([name]) => request.into[name] === undefined); // those of `into` are there already
    return { id, type: 'ran', outputs: Object.fromEntries(others) };
  }
  sessions.delete(request.session);
  await session.release();
  return { id, type: 'released' };
}

/** What can be handed over instead of copied: each buffer once, and only those a tensor has for itself; shared ones are not handed over. */
function buffersOf(outputs: PlainTensors): ArrayBuffer[] {
  return Object.values(outputs).flatMap(({ data: { buffer, byteLength } }) =>
    buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? [buffer] : [],
  );
}
