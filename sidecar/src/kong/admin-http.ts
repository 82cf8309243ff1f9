import axios, { type AxiosInstance } from 'axios';
import { secretsOfBasicAuth, secretsOfHeader } from '../net/foreign-text.ts';
import type { KongConnection } from './client.ts';
import { kongPath } from './path.ts';
import { createTransport } from './transport.ts';

/** One Admin API, ready to be asked. */
export interface AdminApi {
  readonly axios: AxiosInstance;
  /** Closes every connection. */
  close(): void;
}

/** The URL without what could be a secret. */
export function displayUrl(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname.replace(/\/$/, '')}`;
}

/** Answers are given as they came: any status, a body as text. */
export function createAdminApi(connection: KongConnection, onClose: () => void): AdminApi {
  const { pathname, username, password } = new URL(connection.adminUrl);
  const workspace = connection.workspace === undefined ? '' : kongPath(connection.workspace);
  const { adapter, close } = createTransport(connection, `${pathname.replace(/\/$/, '')}${workspace}`, onClose);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const headers = {
    ...connection.headers,
    ...(username !== '' && { Authorization: `Basic ${credentials.toString('base64')}` }),
    ...(connection.adminToken !== undefined && { 'Kong-Admin-Token': connection.adminToken }),
  };
  const transformResponse = (data: unknown) => data;
  return { axios: axios.create({ adapter, headers, transformResponse, validateStatus: () => true }), close };
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
