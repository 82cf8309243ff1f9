import type { Distrust } from '../core/trust.ts';
import type { ConsulAnswer, ConsulClient } from './client.ts';

/** Why an answer is not believed, with Consul's own words for a refusal where it has some. */
export function refusalOf(client: ConsulClient, answer: ConsulAnswer, { why }: Distrust): string {
  const text = refusalText(answer);
  // A token that was deleted, has expired, or never was.
  if (answer.status === 403 && text.endsWith('ACL not found'))
    return 'Consul does not know this ACL token (any more): 403 ACL not found';
  return `${why}${client.shown(text)}`;
}

/** Short plain text, such as `Permission denied`. */
function refusalText(answer: ConsulAnswer): string {
  if (answer.status === 200 || answer.body.length === 0 || answer.body.length > 300) return '';
  const text = answer.body.toString('utf8').trim();
  return text.startsWith('<') ? '' : `: ${text}`;
}
