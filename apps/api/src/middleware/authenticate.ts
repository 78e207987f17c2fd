/** A request -> its client: the one its API key names, or, in open mode, its address. */
import { findKey } from '@fairweather/core/api-key';
import { SCOPES, type Scope } from '@fairweather/core/contract';
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../api-error.ts';
import type { AppDeps, AppEnv } from '../app-env.ts';
import type { Client } from '../client.ts';

/** @throws ApiError `unauthorized` */
export function authenticate({ settings, clientAddress, now }: Pick<AppDeps, 'settings' | 'clientAddress' | 'now'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set('client', settings.keys === undefined ? openClient(clientAddress(c)) : await keyClient(c.req.header('Authorization')));
    await next();
  };

  function openClient(address: string): Client {
    return { id: `address:${address}`, name: address, scopes: SCOPES, ratePerMinute: settings.ratePerMinute };
  }

  async function keyClient(header: string | undefined): Promise<Client> {
    const [, key] = /^Bearer +(\S+) *$/i.exec(header ?? '') ?? [];
    if (key === undefined) throw new ApiError('unauthorized', 'Expected the header "Authorization: Bearer <API key>", it did not come.');
    const record = await findKey(settings.keys ?? [], key, now());
    if (record === undefined) throw new ApiError('unauthorized', 'The API key is not known, or has expired; ask for a new one.');
    return { id: `key:${record.id}`, name: record.name, scopes: record.scopes, ratePerMinute: record.ratePerMinute ?? settings.ratePerMinute };
  }
}

/** @throws ApiError `forbidden` */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { scopes } = c.get('client');
    if (!scopes.includes(scope))
      throw new ApiError('forbidden', `This needs a key with the scope "${scope}", yours has ${scopes.join(', ')}; ask for another one.`);
    await next();
  };
}
