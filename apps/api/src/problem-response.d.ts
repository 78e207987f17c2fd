import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';
export declare function answerProblem(c: Context<AppEnv>, thrown: unknown): Response;
