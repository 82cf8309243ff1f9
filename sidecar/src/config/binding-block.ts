import { z } from 'zod';
import type { JsonObject } from '../core/binding.ts';
import type { BindingBlock, PluginConfig } from '../core/resolve-bindings.ts';
import { bindingBlock, pluginBlock } from './binding-schema.ts';
import { describeIssues } from './issues.ts';
import { withoutNulls } from './unset.ts';

/**
 * Parses a binding block. In the file an unknown key is a mistake; a plugin's config comes from Kong, which gives unset
 * fields as null and may have fields that a newer plugin knows.
 */
export function parseBindingBlock(block: unknown, origin: 'file' | 'plugin'): PluginConfig {
  const schema = origin === 'file' ? bindingBlock : pluginBlock;
  try {
    const result = schema.safeParse(withoutNulls(block ?? {}));
    if (!result.success) return { ok: false, problems: describeIssues(result.error, schema) };
    return { ok: true, block: toBindingBlock(result.data) };
  } catch (error) {
    // Nested deeper than the stack reaches.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, problems: ['it is nested too deeply'] };
  }
}

/** The checked keys in the program's own shape; settings are only those that were given. */
export function toBindingBlock(parsed: z.infer<typeof bindingBlock>): BindingBlock {
  const settings = { ...parsed.upstream, ...(parsed.healthchecks && { healthchecks: parsed.healthchecks }) };
  return {
    ...(parsed.service !== undefined && { service: parsed.service }),
    tags: parsed.tags ?? [],
    ...(parsed.filter !== undefined && { filter: parsed.filter }),
    ...(parsed.datacenter !== undefined && { datacenter: parsed.datacenter }),
    ...(parsed.namespace !== undefined && { namespace: parsed.namespace }),
    ...(parsed.partition !== undefined && { partition: parsed.partition }),
    options: {
      passingOnly: parsed.passing_only,
      onNoHealthy: parsed.on_no_healthy,
      panicThreshold: parsed.panic_threshold,
      ...(parsed.address_tag !== undefined && { addressTag: parsed.address_tag }),
      ...(parsed.port !== undefined && { port: parsed.port }),
      adopt: parsed.adopt,
      settings: toJson(settings),
    },
  };
}

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Drops what is undefined. */
function toJson(value: unknown): JsonObject {
  return jsonObject.parse(JSON.parse(JSON.stringify(value)));
}
