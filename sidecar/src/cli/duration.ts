/** A time span for people, in its two largest units: `4 min 12 s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}

/** `just now`, or how long ago. */
export function agoText(thenMs: number, nowMs: number): string {
  const ms = nowMs - thenMs;
  return ms < 1_500 ? 'just now' : `${durationText(ms)} ago`;
}
