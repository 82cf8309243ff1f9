import { readKongInfo } from '../kong/info.ts';
import type { UpstreamReport } from '../reconcile/report.ts';
import { createHealthReader } from './create-health.ts';
import { type CommandIo, createKong } from './session.ts';

const FINE: ReadonlySet<string> = new Set(['HEALTHY', 'HEALTHCHECKS_OFF']);
const NAMED = 3;

/** The reports, each told first what the data planes call unhealthy; as they are when no data plane is to be asked. */
export async function withHealthNotes(
  reports: readonly UpstreamReport[],
  { config, signal }: CommandIo,
): Promise<readonly UpstreamReport[]> {
  if (config.kong.statusUrl.length === 0) return reports;
  const kong = createKong(config);
  const reader = createHealthReader(config, await readKongInfo(kong, signal));
  try {
    return await Promise.all(
      reports.map(async (report) => {
        const { health, notes } = await reader.read(report.upstream, signal);
        return { ...report, notes: [...unhealthyNote(health ?? new Map()), ...notes, ...report.notes] };
      }),
    );
  } finally {
    reader.close();
    kong.close();
  }
}

function unhealthyNote(health: ReadonlyMap<string, string>): readonly string[] {
  const bad = [...health].filter(([, word]) => !FINE.has(word)).map(([target, word]) => `${target} ${word}`);
  if (bad.length === 0) return [];
  const more = bad.length > NAMED ? `, and ${bad.length - NAMED} more` : '';
  return [`Kong calls ${bad.length} of ${health.size} targets not healthy: ${bad.slice(0, NAMED).join(', ')}${more}`];
}
