const BAR = 24;

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function step(title: string): void {
  say(`\n== ${title}`);
}

/** The targets of the upstream, each with the instance behind it. */
export function showTargets(
  targets: readonly string[],
  instances: readonly { readonly id: string; readonly port: number }[],
  when: string,
): void {
  say(`   ${targets.length} targets in Kong ${when}:`);
  for (const target of targets) {
    const [address = '', weight = ''] = target.split('=');
    const instance = instances.find(({ port }) => address.endsWith(`:${port}`));
    say(`     ${address}  weight ${weight}  ${instance?.id ?? ''}`);
  }
}

/** Sends requests one after the other and shows who answered. */
export async function countAnswers(url: string, count: number): Promise<void> {
  const counts = new Map<string, number>();
  for (let at = 0; at < count; at += 1) {
    const answer = await fetch(url);
    const body: unknown = await answer.json();
    const who =
      answer.ok && typeof body === 'object' && body !== null && 'instance' in body
        ? String(body.instance)
        : `status ${answer.status}`;
    counts.set(who, (counts.get(who) ?? 0) + 1);
  }
  say(`   ${count} requests through the proxy:`);
  for (const [who, times] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    say(`     ${who.padEnd(12)} ${'#'.repeat(Math.round((times / count) * BAR)).padEnd(BAR)} ${times}`);
  }
}
