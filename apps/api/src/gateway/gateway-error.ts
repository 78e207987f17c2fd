/** What the gateway itself answers with, instead of a server: a code of the contract, a sentence, and when to come again. */
import type { ApiErrorCode } from '@fairweather/core/contract';

export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly code: ApiErrorCode;
  readonly retryAfterSec: number | undefined;

  constructor(code: ApiErrorCode, message: string, retryAfterSec?: number) {
    super(message);
    this.code = code;
    this.retryAfterSec = retryAfterSec;
  }
}
