/** Whether it is a map of keys and values. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Drops keys whose value is null, at any depth: YAML's empty value and what Kong gives for an unset field. */
export function withoutNulls(value: unknown): unknown {
  return isRecord(value) ? mapValues(value, withoutNulls) : value;
}

/**
 * The content of a config file without its empty values, which are unset keys.
 *
 * | empty                | is                                         |
 * | -------------------- | ------------------------------------------ |
 * | a key or section     | unset                                      |
 * | an upstream          | a binding that leaves everything as it is  |
 * | a header             | a mistake, left for the schema to complain |
 */
export function withoutEmptyKeys(content: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(content)) return {};
  return mapValues(content, (value, key) => {
    if (key !== 'upstreams' || !isRecord(value)) return withoutUnset(value, key);
    return Object.fromEntries(Object.entries(value).map(([name, block]) => [name, withoutUnset(block ?? {}, name)]));
  });
}

function withoutUnset(value: unknown, key: string): unknown {
  if (!isRecord(value) || key === 'header' || key === 'headers') return value;
  return mapValues(value, withoutUnset);
}

/** A new map, in which a key named `__proto__` is a key like any other. */
function mapValues(
  record: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => unknown,
): Readonly<Record<string, unknown>> {
  const given = Object.entries(record).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, change(value, key)]));
}
