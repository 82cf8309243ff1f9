import type http from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import { secretsOfBasicAuth, secretsOfHeader } from '../net/foreign-text.ts';
import type { KongConnection } from './client.ts';
import { kongPath } from './path.ts';

/** After unpacking. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The URL without what could be a secret. */
export function displayUrl(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname.replace(/\/$/, '')}`;
}

/** Redirects, proxies and parsing are switched off: a redirect would take the token elsewhere. */
export function createAxios(connection: KongConnection, agent: http.Agent): AxiosInstance {
  const url = new URL(connection.adminUrl);
  const workspace = connection.workspace === undefined ? '' : kongPath(connection.workspace);
  const auth =
    url.username === ''
      ? undefined
      : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  return axios.create({
    baseURL: `${displayUrl(connection.adminUrl)}${workspace}`,
    headers: {
      ...connection.headers,
      ...(connection.adminToken !== undefined && { 'Kong-Admin-Token': connection.adminToken }),
    },
    ...(auth !== undefined && { auth }),
    httpAgent: agent,
    httpsAgent: agent,
    proxy: false,
    maxRedirects: 0,
    allowAbsoluteUrls: false,
    maxContentLength: MAX_BODY_BYTES,
    responseType: 'text',
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
  });
}

/** All that we send and nobody may be shown, should Kong send it back. */
export function secretsOf({ adminUrl, adminToken, headers }: KongConnection): readonly string[] {
  const { username, password } = new URL(adminUrl);
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [
    ...(password === '' ? [] : secretsOfBasicAuth(auth)),
    ...(adminToken === undefined ? [] : [adminToken]),
    ...Object.values(headers).flatMap(secretsOfHeader),
  ];
}
