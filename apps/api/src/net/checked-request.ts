/**
 * An address that a client named -> a request that cannot be turned against this server's own network: only https, only hosts of a list, only
 * public addresses, and the connection goes to the very addresses that were checked, so that a name cannot change its mind in between.
 */
import { lookup as lookUp } from 'node:dns/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type RequestOptions, request as requestByHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ApiError } from '../api-error.ts';

export type CheckedRequest = {
  /** @throws ApiError `url-refused` */
  check(url: string): URL;
  /** Follows no redirect. @throws ApiError `url-refused`; whatever the connection throws */
  send(
    url: URL,
    options: { readonly signal: AbortSignal; readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<IncomingMessage>;
};

export type CheckedRequestDeps = {
  /** All addresses of a name. @default the system's resolver */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** @default isPublicAddress */
  readonly isPublic?: (address: string) => boolean;
  /** Opens the connection. @default that of node:https */
  readonly request?: (url: URL, options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest;
};

/** @param hosts `images.example.com`, or `*.example.com` for all below it, or `*` for all; with `:8443` for another port than 443 */
export function createCheckedRequest(
  hosts: readonly string[],
  { resolve = resolveName, isPublic = isPublicAddress, request = requestByHttps }: CheckedRequestDeps = {},
): CheckedRequest {
  return { check, send };

  function check(text: string): URL {
    const url = URL.parse(text);
    if (url?.protocol !== 'https:') throw refuse('it must begin with https://');
    if (url.username !== '' || url.password !== '') throw refuse('it must not have a name or password in it');
    if (!hosts.some((host) => matches(url, host))) throw refuse('its host is not among those this server connects to');
    return url;
  }

  async function send(url: URL, { signal, method = 'GET', headers = {}, body }: Parameters<CheckedRequest['send']>[1]): Promise<IncomingMessage> {
    const lookup = answerWith(await findAddresses(url));
    const options: RequestOptions = { method, lookup, signal, agent: false, headers: { 'User-Agent': 'fairweather', ...headers } };
    return new Promise((answered, reject) => request(url, options, answered).on('error', reject).end(body));
  }

  /** All addresses of a host; one that is not public is reason enough, for which one is connected to is chance. */
  async function findAddresses(url: URL): Promise<readonly string[]> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = ipaddr.isValid(host) ? [host] : await resolve(host);
    if (addresses.length === 0 || !addresses.every(isPublic)) throw refuse('its host has an address that is not public');
    return addresses;
  }
}

/** Whether an address is one of the internet's own: not private, local, mapped, translated or kept for something else. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'unicast';
}

function matches(url: URL, pattern: string): boolean {
  const [, wildcard, host = '', port = ''] = /^(\*\.?)?(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  const name = url.hostname.toLowerCase();
  return url.port === (port === '443' ? '' : port) && (wildcard === undefined ? name === host : host === '' || name.endsWith(`.${host}`));
}

/** The checked addresses, whatever the name means by now. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 }));
  return (_, { all }, answer) => {
    const [first] = known;
    if (all || first === undefined) answer(null, known);
    else answer(null, first.address, first.family);
  };
}

async function resolveName(name: string): Promise<readonly string[]> {
  return (await lookUp(name, { all: true })).map(({ address }) => address);
}

function refuse(why: string): ApiError {
  return new ApiError('url-refused', `The address is refused: ${why}.`);
}
