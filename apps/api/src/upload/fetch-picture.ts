/**
 * An address of a picture -> its bytes; off unless hosts are named. Only https, only those hosts, only public addresses, and the connection goes
 * to the very addresses that were checked, so that a name cannot change its mind in between; every redirect is checked anew.
 */
import { lookup as lookUp } from 'node:dns/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type RequestOptions, request as requestByHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ApiError } from '../api-error.ts';

/** @throws ApiError `url-refused`, `url-failed`, `too-large`; the signal's reason */
export type FetchPicture = (url: string, signal: AbortSignal) => Promise<Uint8Array>;

export type FetchSettings = {
  /** `images.example.com`, or `*.example.com` for all below it; with `:8443` for another port than 443. */
  readonly hosts: readonly string[];
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
};

type OpenRequest = (url: URL, options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest;

export type FetchDeps = {
  /** All addresses of a name. @default the system's resolver */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** @default isPublicAddress */
  readonly isPublic?: (address: string) => boolean;
  /** Opens the connection. @default that of node:https */
  readonly request?: OpenRequest;
};

const MAX_REDIRECTS = 3;

export function createPictureFetcher(
  { hosts, maxBytes, timeoutMs }: FetchSettings,
  { resolve = resolveName, isPublic = isPublicAddress, request = requestByHttps }: FetchDeps = {},
): FetchPicture {
  return async (text, outer) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([outer, timeout]);
    try {
      let url = checkUrl(text, hosts);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const response = await open(url, await checkAddresses(url, resolve, isPublic), signal, request);
        const target = redirectOf(response);
        if (target === undefined) return await readPicture(response, maxBytes);
        response.destroy();
        url = checkUrl(new URL(target, url).href, hosts);
      }
      throw new ApiError('url-failed', `The address may lead on ${MAX_REDIRECTS} times, it leads on again; name the picture's own address.`);
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      if (error instanceof ApiError) throw error;
      const what = timeout.aborted ? `gave no whole picture within ${timeoutMs} ms` : 'cannot be read';
      throw new ApiError('url-failed', `The address ${what}; send the picture itself.`, { cause: error });
    }
  };
}

/** Whether an address is one of the internet's own: not private, local, mapped, translated or kept for something else. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'unicast';
}

function checkUrl(text: string, hosts: readonly string[]): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw refuse('it must begin with https://');
  if (url.username !== '' || url.password !== '') throw refuse('it must not have a name or password in it');
  if (!hosts.some((host) => matches(url, host))) throw refuse('its host is not among those this server fetches from');
  return url;
}

function matches(url: URL, pattern: string): boolean {
  const [, wildcard, host = '', port = ''] = /^(\*\.)?(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  const name = url.hostname.toLowerCase();
  return url.port === (port === '443' ? '' : port) && (wildcard === undefined ? name === host : name.endsWith(`.${host}`));
}

/** All addresses of a host; one that is not public is reason enough, for which one is connected to is chance. */
async function checkAddresses(
  url: URL,
  resolve: (name: string) => Promise<readonly string[]>,
  isPublic: (address: string) => boolean,
): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = ipaddr.isValid(host) ? [host] : await resolve(host);
  if (addresses.length === 0 || !addresses.every(isPublic)) throw refuse('its host has an address that is not public');
  return addresses;
}

/** Connects to the checked addresses, whatever the name means by now. */
function open(url: URL, addresses: readonly string[], signal: AbortSignal, request: OpenRequest): Promise<IncomingMessage> {
  const known = addresses.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 }));
  const lookup: LookupFunction = (_, { all }, answer) => {
    const [first] = known;
    if (all || first === undefined) answer(null, known);
    else answer(null, first.address, first.family);
  };
  const options: RequestOptions = { lookup, signal, agent: false, headers: { Accept: 'image/*', 'User-Agent': 'fairweather' } };
  return new Promise((resolve, reject) => request(url, options, resolve).on('error', reject).end());
}

function redirectOf({ statusCode = 0, headers: { location } }: IncomingMessage): string | undefined {
  return statusCode >= 300 && statusCode < 400 ? location : undefined;
}

async function readPicture(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const { statusCode, headers } = response;
  try {
    if (statusCode !== 200) throw new ApiError('url-failed', `The address must answer with status 200, it answers with ${statusCode}.`);
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
    if (length === 0) throw new ApiError('url-failed', 'The address must give a picture, it gives zero bytes.');
    return Buffer.concat(chunks);
  } finally {
    response.destroy();
  }
}

async function resolveName(name: string): Promise<readonly string[]> {
  return (await lookUp(name, { all: true })).map(({ address }) => address);
}

function refuse(why: string): ApiError {
  return new ApiError('url-refused', `The address is not fetched: ${why}; send the picture itself.`);
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('too-large', `A picture may have ${maxBytes} bytes, the one at this address has more.`);
}
