import { stat } from 'node:fs/promises';
import { parseBindingBlock } from '../config/binding-block.ts';
import type { Config } from '../config/config.ts';
import { effectiveConfig } from '../config/effective-config.ts';
import type { FileEntry, PluginConfig } from '../core/resolve-bindings.ts';
import { sleep } from '../net/sleep.ts';
import type { BindingSources } from '../reconcile/binding-sources.ts';
import type { CommandIo } from './session.ts';

const CHECK_EVERY_MS = 1_000;

/** The bindings under `upstreams:` in the config file. */
export function fileEntries(config: Config): readonly FileEntry[] {
  if (!config.sources.file || config.path === undefined) return [];
  const path = config.path;
  return config.upstreams.map(({ name, line, block }) => ({ upstream: name, path, line, block }));
}

/** A plugin's config as the Admin API gives it. */
export function parsePluginConfig(config: unknown): PluginConfig {
  return parseBindingBlock(config, 'plugin');
}

/**
 * Takes over new bindings and the log level whenever the config file changes. A broken edit changes nothing and is said
 * once; the other keys need a restart.
 */
export async function followConfigFile(
  io: CommandIo,
  sources: BindingSources,
  onChange: () => Promise<void>,
): Promise<void> {
  const { path } = io.config;
  if (path === undefined) return;
  let seenMs = await modifiedMs(path);
  let inUse = io.config;
  for (;;) {
    await sleep(CHECK_EVERY_MS, io.signal);
    const nowMs = await modifiedMs(path);
    if (nowMs === undefined || nowMs === seenMs) continue;
    seenMs = nowMs;
    try {
      const config = await io.reloadConfig();
      const waiting = changedKeys(inUse, config);
      inUse = config;
      sources.setFileEntries(fileEntries(config));
      io.log.level = config.log.level;
      io.log.info({ path }, 'config file read again');
      if (waiting.length > 0) io.log.warn({ keys: waiting }, 'some changed keys need a restart');
      await onChange();
    } catch (error) {
      io.signal.throwIfAborted();
      io.log.error(
        { path, problem: error instanceof Error ? error.message : String(error) },
        'config file is broken: the last good one stays in use',
      );
    }
  }
}

/** Keys that differ and are not taken over while running. */
function changedKeys(before: Config, now: Config): readonly string[] {
  const values = new Map(effectiveConfig(before).map(({ key, value }) => [key, JSON.stringify(value)]));
  return effectiveConfig(now)
    .filter(({ key }) => key !== 'log.level' && !key.startsWith('upstreams.'))
    .flatMap(({ key, value }) => (values.get(key) === JSON.stringify(value) ? [] : [key]));
}

async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}
