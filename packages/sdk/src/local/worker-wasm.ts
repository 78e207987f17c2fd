/** The worker of the CPU engine: the runtime's plain WebAssembly build, and nothing else. */
import * as ort from 'onnxruntime-web/wasm';
import { serveEngine } from './serve.ts';

serveEngine(ort, 'wasm');
