/** The worker of the WebGPU engine: the runtime's WebGPU build, and nothing else. */
import * as ort from 'onnxruntime-web/webgpu';
import { serveEngine } from './serve.ts';

serveEngine(ort, 'webgpu');
