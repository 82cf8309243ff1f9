import { type HeapProfiler, Session } from 'node:inspector/promises';

/**
 * Loaded into the program before it starts. On SIGWINCH it says what is alive in it after a garbage collection, on SIGIO
 * what it has used so far: CPU time, and memory that was given out since the first time it was asked.
 */
process.on('SIGWINCH', () => {
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  say({ heapMb: process.memoryUsage().heapUsed / 1024 / 1024, resources });
});

process.on('SIGIO', () => {
  const { user, system } = process.cpuUsage();
  void allocatedKb().then((kb) => say({ cpuMs: (user + system) / 1000, allocatedKb: kb }));
});

const session = new Session();
const SAMPLE_EVERY_BYTES = 4_096;
let isSampling = false;

/** By V8's samples: what is garbage by now counts too. */
async function allocatedKb(): Promise<number> {
  if (!isSampling) {
    isSampling = true;
    session.connect();
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLE_EVERY_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }
  const { profile } = await session.post('HeapProfiler.getSamplingProfile');
  return bytesOf(profile.head) / 1024;
}

function bytesOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + bytesOf(child), selfSize);
}

function say(what: object): void {
  process.stderr.write(`${JSON.stringify(what)}\n`);
}
