import type { z } from 'zod';
import { recordIn } from '../core/health-check-defaults.ts';
import { lintHealthChecks } from '../core/health-check-lint.ts';
import { toBindingBlock } from './binding-block.ts';
import type { bindingBlock } from './binding-schema.ts';

type Block = z.infer<typeof bindingBlock>;

/** What is wrong with a block whose keys are right one by one. */
export interface Refusal {
  readonly path: readonly string[];
  readonly message: string;
}

/** Where Kong takes the input of a hash from (`entity_checks` in `kong/db/schema/entities/upstreams.lua`). */
const HASH_INPUTS = {
  hash_on: {
    header: 'hash_on_header',
    cookie: 'hash_on_cookie',
    query_arg: 'hash_on_query_arg',
    uri_capture: 'hash_on_uri_capture',
  },
  hash_fallback: {
    header: 'hash_fallback_header',
    cookie: 'hash_on_cookie',
    query_arg: 'hash_fallback_query_arg',
    uri_capture: 'hash_fallback_uri_capture',
  },
} as const;

/** What Kong or the plugin's schema would refuse: the same rules. */
export function refusalsOf(block: Block): readonly Refusal[] {
  return [...missingHashInputs(block), ...uselessHealthChecks(block)];
}

function missingHashInputs({ upstream = {} }: Block): readonly Refusal[] {
  return (['hash_on', 'hash_fallback'] as const).flatMap((key) => {
    const hash = upstream[key];
    if (hash !== 'header' && hash !== 'cookie' && hash !== 'query_arg' && hash !== 'uri_capture') return [];
    const needed = HASH_INPUTS[key][hash];
    if (upstream[needed] !== undefined) return [];
    return [{ path: ['upstream', key], message: `needs upstream.${needed} beside it` }];
  });
}

function uselessHealthChecks(block: Block): readonly Refusal[] {
  if (block.healthchecks === undefined) return [];
  const hostHeader = block.upstream?.host_header;
  const healthchecks = recordIn(toBindingBlock(block).options.settings, 'healthchecks');
  return lintHealthChecks(healthchecks, hostHeader === undefined ? {} : { hostHeader })
    .filter(({ level }) => level === 'error')
    .map(({ path, message }) => ({ path: ['healthchecks', ...path.split('.')], message }));
}
