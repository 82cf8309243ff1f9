const MAX_LENGTH = 500;
/** What is shorter is no secret, and would be found in any text. */
const MIN_SECRET = 4;

/**
 * What another server said, fit for a log or a terminal: without a secret that it may have sent back, on one line, and
 * not longer than a message.
 */
export function foreignText(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '')),
    ])
    .sort((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  const line = hidden.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return shortened(line);
}

/** As much of a text that others made as a message needs. */
export function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** All that must not be shown of `user:password`. */
export function secretsOfBasicAuth(userAndPassword: string): readonly string[] {
  const password = userAndPassword.slice(userAndPassword.indexOf(':') + 1);
  return [userAndPassword, password, Buffer.from(userAndPassword).toString('base64')];
}

/** All that must not be shown of a header's value: `Bearer x` whole, and `x`. */
export function secretsOfHeader(value: string): readonly string[] {
  return [value, value.slice(value.indexOf(' ') + 1)];
}
