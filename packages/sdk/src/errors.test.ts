import { RestoreError as CoreError } from '@fairweather/core';
import { ERROR_TABLE } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import { answerError, asClientError, isRestoreError, RestoreError } from './errors.ts';

describe('an answer that is an error', () => {
  it('keeps what the problem says', () => {
    const problem = {
      type: 'about:blank',
      title: '',
      status: 400,
      detail: 'seed must be less.',
      code: 'invalid-option',
      requestId: 'r1',
      retryable: false,
      errors: [{ field: 'seed', message: 'x' }],
    };
    const error = answerError(400, problem, { requestId: 'r0', retryAfterMs: undefined });
    expect(error).toMatchObject({
      name: 'RestoreError',
      code: 'invalid-option',
      status: 400,
      requestId: 'r1',
      retryable: false,
      message: 'seed must be less.',
      details: { options: ['seed'] },
    });
  });
  it.each([
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [413, 'too-large', false],
    [429, 'rate-limited', true],
    [502, 'connection-failed', true],
    [503, 'overloaded', true],
    [504, 'deadline-exceeded', true],
    [418, 'bad-response', false],
    [520, 'bad-response', true],
  ])('is known by its status where a proxy answered: %i', (status, code, retryable) => {
    expect(answerError(status, '<html>', { requestId: 'r', retryAfterMs: 5 })).toMatchObject({ code, status, retryable, requestId: 'r', retryAfterMs: 5 });
  });
  it('has the status and the patience of the contract for every code that both name', () => {
    for (const status of [401, 403, 408, 413, 429, 504]) {
      const { code, retryable } = answerError(status, undefined, { requestId: undefined, retryAfterMs: undefined });
      expect(ERROR_TABLE[code as keyof typeof ERROR_TABLE]).toMatchObject({ status, retryable });
    }
  });
});

describe('errors of others', () => {
  it('of core become the client’s, with the original as cause', () => {
    const core = new CoreError('corrupt-image', 'The picture is broken.', { details: { bytes: 3 } });
    const error = asClientError(core);
    expect(error).toBeInstanceOf(RestoreError);
    expect(error).toMatchObject({ code: 'corrupt-image', message: 'The picture is broken.', details: { bytes: 3 }, retryable: false, cause: core });
  });
  it('stay what they are: aborts, faults, the client’s own', () => {
    for (const thrown of [new DOMException('', 'AbortError'), new TypeError('x'), 'text', new RestoreError('offline', '')])
      expect(asClientError(thrown)).toBe(thrown);
  });
  it('are recognised across copies of the class', () => expect(isRestoreError(new CoreError('empty-input', ''))).toBe(true));
});
