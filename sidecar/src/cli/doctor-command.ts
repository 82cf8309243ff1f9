import { type AgentFacts, readAgentFacts, readServiceNames } from '../consul/agent.ts';
import type { ConsulClient } from '../consul/client.ts';
import { deadline } from '../net/deadline.ts';
import { checkAgent, checkCatalog, checkKong, checkUpstreams, type Finding } from './doctor-checks.ts';
import { examineDataPlanes } from './doctor-data-planes.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { runOnce } from './once.ts';
import { type OutputFormat, render } from './render.ts';
import { type CommandIo, openSession } from './session.ts';

const MARKS = { ok: 'ok  ', warning: 'WARN', failure: 'FAIL' } as const;
const TIMEOUT_MS = 5_000;

/** `doctor`: what is right and wrong around here, each with the line that mends it; exit 1 when something fails. */
export async function doctorCommand(io: CommandIo, flags: { readonly output: OutputFormat }): Promise<ExitCode> {
  const findings = await examine(io);
  io.print(render(flags.output, { checks: findings }, () => findings.map(line).join('')));
  return findings.some(({ level }) => level === 'failure') ? EXIT.error : EXIT.ok;
}

async function examine(io: CommandIo): Promise<readonly Finding[]> {
  const { config, signal } = io;
  let session: Awaited<ReturnType<typeof openSession>>;
  try {
    session = await openSession(config, signal);
  } catch (error) {
    return [
      {
        check: 'Kong',
        level: 'failure',
        text: messageOf(error),
        mend: 'check kong.admin_url (--kong-admin-url, KONG_ADMIN_URL)',
      },
    ];
  }
  try {
    const kong = [
      ...checkKong(session.info, config.sources.plugin),
      ...(await examineDataPlanes(session, config, signal)),
    ];
    const consul = await examineConsul(session.consul, io);
    if (consul.facts === undefined) return [...kong, ...consul.findings];
    const result = await runOnce(io, { dryRun: true, force: false, only: [] });
    const services = new Set(result.reports.map((report) => report.binding?.query.service)).size;
    return [...kong, ...checkAgent(consul.facts, services), ...consul.findings, ...checkUpstreams(result)];
  } catch (error) {
    signal.throwIfAborted();
    return [{ check: 'bindings', level: 'failure', text: messageOf(error) }];
  } finally {
    session.close();
  }
}

async function examineConsul(
  consul: ConsulClient,
  { config, signal }: CommandIo,
): Promise<{ readonly facts: AgentFacts | undefined; readonly findings: readonly Finding[] }> {
  using limit = deadline(signal, TIMEOUT_MS);
  let facts: AgentFacts;
  try {
    facts = await readAgentFacts(consul, limit.signal);
  } catch (error) {
    signal.throwIfAborted();
    const mend = 'check consul.addr (--consul-addr, CONSUL_HTTP_ADDR)';
    return { facts: undefined, findings: [{ check: 'Consul agent', level: 'failure', text: messageOf(error), mend }] };
  }
  try {
    const names = await readServiceNames(consul, {}, config.consul.maxStaleMs, limit.signal);
    return { facts, findings: [checkCatalog(undefined, names.size)] };
  } catch (error) {
    signal.throwIfAborted();
    return { facts, findings: [checkCatalog(messageOf(error), 0)] };
  }
}

function line({ level, check, text, mend }: Finding): string {
  return `${MARKS[level]}  ${check}: ${text}\n${mend === undefined ? '' : `      -> ${mend}\n`}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
