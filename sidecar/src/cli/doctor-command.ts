import type { Config } from '../config/config.ts';
import { messageOf } from '../net/message-of.ts';
import type { OnceResult } from '../reconcile/reconcile-once.ts';
import { checkClock } from './doctor-clock.ts';
import { examineConsul } from './doctor-look-consul.ts';
import { examineKong, type KongView } from './doctor-look-kong.ts';
import { doctorText } from './doctor-text.ts';
import { checkUpstreams, hostsByDns } from './doctor-upstreams.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Finding, failure, ok, warning } from './finding.ts';
import { runOnce } from './once.ts';
import { type OutputFormat, render } from './render.ts';
import type { CommandIo } from './session.ts';

/** `doctor`: what is right and wrong around here, each with the lines that mend it; exit 1 when something fails. */
export async function doctorCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const findings = await examine(io);
  io.print(render(flags.output, { checks: findings }, () => doctorText(findings, io.terminal)));
  return findings.some(({ level }) => level === 'failure') ? EXIT.error : EXIT.ok;
}

/** Kong and Consul each for itself; what both are needed for only when both answer. */
async function examine(io: CommandIo): Promise<readonly Finding[]> {
  const kong = await examineKong(io);
  const line = kong.isUsable ? await runLine(io) : { result: undefined, findings: [] };
  const consul = await examineConsul(io, line.result);
  return [
    ...kong.findings(line.result === undefined ? [] : hostsByDns(line.result), pluginBindings(line.result)),
    ...consul.findings,
    ...clocks(kong, consul),
    checkListen(io.config),
    ok('restart', 'safe at any time: Kong keeps its targets meanwhile, and what is held begins its wait anew'),
    ...(consul.isUsable ? line.findings : []),
  ];
}

async function runLine(
  io: CommandIo,
): Promise<{ readonly result: OnceResult | undefined; readonly findings: readonly Finding[] }> {
  try {
    const result = await runOnce(io, { dryRun: true, force: false, only: [] });
    return { result, findings: checkUpstreams(result) };
  } catch (error) {
    io.signal.throwIfAborted();
    const text = messageOf(error);
    return { result: undefined, findings: [failure('bindings', text)] };
  }
}

function pluginBindings(result: OnceResult | undefined): number {
  return result?.reports.filter(({ sources }) => sources.some(({ kind }) => kind === 'plugin')).length ?? 0;
}

interface Clock {
  readonly date: string | undefined;
  readonly askedMs: number;
}

function clocks(kong: KongView, consul: Clock): readonly Finding[] {
  return [
    ...checkClock('Kong', kong.settings?.date, kong.settings?.askedMs ?? 0),
    ...checkClock('Consul', consul.date, consul.askedMs),
  ];
}

/** Who may read our own HTTP side. */
function checkListen({ listen, listenToken }: Config): Finding {
  const check = 'status page';
  if (listen === undefined) return ok(check, 'off');
  const isLoopback = listen.host.startsWith('127.') || listen.host === '::1' || listen.host === 'localhost';
  if (isLoopback) return ok(check, `on loopback only (${listen.host}:${listen.port})`);
  if (listenToken !== undefined) return ok(check, `on ${listen.host}:${listen.port}, for those who have the token`);
  return warning(
    check,
    `on ${listen.host}:${listen.port} for all who reach it: it writes nothing, but tells names and addresses`,
    'in the environment of the sidecar:',
    'KONG_CONSUL_LISTEN_TOKEN=<a long random text>',
  );
}
