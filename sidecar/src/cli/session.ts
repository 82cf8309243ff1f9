import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { ConsulClient } from '../consul/client.ts';
import { fixedToken, TokenFile } from '../consul/credentials.ts';
import type { GuardLimits } from '../core/guard.ts';
import { ownerTag } from '../core/ownership.ts';
import { parseRelease } from '../core/release.ts';
import { KongClient, type KongObserver, type WriteFence } from '../kong/client.ts';
import { DatabaseDriver } from '../kong/database-driver.ts';
import { BaseFile } from '../kong/declarative/base-file.ts';
import { DeclarativeDriver } from '../kong/declarative/declarative-driver.ts';
import type { NewsListener } from '../kong/declarative/news.ts';
import type { KongDriver } from '../kong/driver.ts';
import { type KongInfo, readKongInfo } from '../kong/info.ts';

/** The two edges, ready to use. */
export interface Session {
  readonly consul: ConsulClient;
  readonly kong: KongClient;
  readonly driver: KongDriver;
  readonly info: KongInfo;
  close(): void;
}

/** Everything a command gets from `main.ts`, so that it never touches `process`. */
export interface CommandIo {
  readonly config: Config;
  /** Reads flags, environment and file again. @throws ConfigError */
  readonly reloadConfig: () => Promise<Config>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Writes to stdout. */
  readonly print: (text: string) => void;
  /** Asks a person; undefined when nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly terminal: Terminal;
}

/** What stdout is. Its size may change at any time. */
export interface Terminal {
  /** Infinite when stdout is no terminal. */
  readonly columns: number;
  readonly rows: number;
  readonly isTerminal: boolean;
  readonly colour: boolean;
}

/** From the environment of Consul's own CLI and our config; nothing is sent yet. */
export function createConsul(config: Config): ConsulClient {
  const { consul } = config;
  const token = consul.tokenFile === undefined ? fixedToken(consul.token) : new TokenFile(consul.tokenFile);
  return new ConsulClient({ ...consul, maxBodyBytes: consul.maxBodyMb * 1024 * 1024 }, token);
}

export function createKong(config: Config, observe?: KongObserver, fence?: WriteFence): KongClient {
  const { kong } = config;
  const [adminUrl = '', ...standbyUrls] = kong.adminUrl;
  return new KongClient({ ...kong, adminUrl, standbyUrls, timeoutMs: kong.timeoutSeconds * 1000 }, observe, fence);
}

/** What a driver is made for. */
export interface DriverUse {
  /** For as long as the program runs, and not for one command. */
  readonly stays: boolean;
  readonly onNews: NewsListener;
}

/** How often it is looked whether a Kong without a database still holds what it was given. */
const LOOK_MS = 1_000;
/** A command that does not stay has nothing to wait for. */
const BRIEF_DEBOUNCE_MS = 20;

/** The driver for what Kong says of itself. */
export function createDriver(config: Config, kong: KongClient, info: KongInfo, use: DriverUse): KongDriver {
  const release = parseRelease(info.version);
  if (info.database !== 'off') return new DatabaseDriver(kong, config.owner, release);
  const { declarativeFile, declarativeDebounceMs } = config.kong;
  return new DeclarativeDriver({
    client: kong,
    owner: config.owner,
    release,
    file: declarativeFile === undefined ? undefined : new BaseFile(declarativeFile, tagOf(config)),
    debounceMs: use.stays ? declarativeDebounceMs : Math.min(declarativeDebounceMs, BRIEF_DEBOUNCE_MS),
    toleratesBrokenFile: use.stays,
    lookMs: LOOK_MS,
    onNews: use.onNews,
  });
}

/** Connects for a command that does not stay. @throws when Kong does not answer, or is no Kong */
export async function openSession(config: Config, signal: AbortSignal, observe?: KongObserver): Promise<Session> {
  const kong = createKong(config, observe);
  const consul = createConsul(config);
  const info = await readKongInfo(kong, signal);
  const driver = createDriver(config, kong, info, { stays: false, onNews: () => {} });
  return { consul, kong, driver, info, close: () => closeAll(consul, driver) };
}

export function guardLimits(config: Config): GuardLimits {
  return {
    emptyGraceMs: config.emptyGraceSeconds * 1000,
    maxRemovePercent: config.maxRemovePercent,
    holdMs: config.holdSeconds * 1000,
    fleetFloor: 10,
  };
}

export function tagOf(config: Config): string {
  return ownerTag(config.owner);
}

function closeAll(consul: ConsulClient, driver: KongDriver): void {
  consul.close();
  driver.close();
}
