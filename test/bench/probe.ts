/** Loaded into the program before it starts: on SIGWINCH it says what is alive in it after a garbage collection. */
process.on('SIGWINCH', () => {
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const heapMb = process.memoryUsage().heapUsed / 1024 / 1024;
  process.stderr.write(`${JSON.stringify({ heapMb, resources })}\n`);
});
