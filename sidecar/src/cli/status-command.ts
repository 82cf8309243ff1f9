import type { OnceResult } from '../reconcile/reconcile-once.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { withHealthNotes } from './health-notes.ts';
import { runOnce } from './once.ts';
import { failedText, resultJson } from './reconcile-command.ts';
import { type OutputFormat, render } from './render.ts';
import type { CommandIo } from './session.ts';
import { SidecarApi } from './sidecar-api.ts';
import { sidecarUrl } from './sidecar-url.ts';
import { exitCodeOfRows, rowOfReport, rowOfSummary, type StatusRow } from './status-rows.ts';
import { statusText } from './status-text.ts';
import { watchStatus } from './status-watch.ts';

export interface StatusFlags {
  readonly output: OutputFormat;
  readonly watch?: boolean;
  /** The URL of a sidecar that runs, or true for the one at `listen`; undefined: read Consul and Kong. */
  readonly sidecar?: string | true;
}

const OWN_EVERY_MS = 2_000;
const SIDECAR_EVERY_MS = 1_000;

/** `status`: one line an upstream; exit 0 in sync, 2 not, 1 when something could not be read or written. */
export async function statusCommand(io: CommandIo, flags: StatusFlags): Promise<ExitCode> {
  const url = sidecarUrl(flags.sidecar, io.config);
  const read = url === undefined ? () => ownStatus(io) : () => sidecarStatus(url, io);
  if (flags.watch === true) {
    const everyMs = url === undefined ? OWN_EVERY_MS : SIDECAR_EVERY_MS;
    return await watchStatus(io, { read: async () => (await read()).rows, everyMs, output: flags.output });
  }
  const { rows, json, failed } = await read();
  io.print(render(flags.output, json, () => `${statusText(rows, io.terminal)}${failedText(failed)}`));
  return failed.length > 0 ? EXIT.error : exitCodeOfRows(rows);
}

interface Status {
  readonly rows: readonly StatusRow[];
  readonly json: unknown;
  /** Kongs of a fleet that cannot be read. */
  readonly failed: OnceResult['failedNodes'];
}

async function ownStatus(io: CommandIo): Promise<Status> {
  const once = await runOnce(io, { dryRun: true, force: false, only: [] });
  const result = { ...once, reports: await withHealthNotes(once.reports, io) };
  return { rows: result.reports.map(rowOfReport), json: resultJson(result), failed: result.failedNodes };
}

async function sidecarStatus(url: string, io: CommandIo): Promise<Status> {
  const upstreams = await new SidecarApi(url, io.config.listenToken).upstreams(io.signal);
  return { rows: upstreams.map(rowOfSummary), json: { upstreams }, failed: [] };
}
