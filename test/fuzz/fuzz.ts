import fc from 'fast-check';
import { test } from 'vitest';

/** Inputs a property: `npm run fuzz` gives 10,000, the suite a hundred. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 100);
/** The same inputs again: take it from the failure's message, which has the path to the input too. */
const SEED = process.env.FUZZ_SEED;
/** Whatever is not tried by then is left; the campaign says how many were. */
const LIMIT_MS = Number(process.env.FUZZ_LIMIT_SECONDS ?? 20) * 1000;

/**
 * A test over many inputs. It fails when the property throws, or when an input left something on a prototype that all
 * objects share. fast-check's message has the seed and the smallest input that fails.
 */
export function fuzz<T>(name: string, input: fc.Arbitrary<T>, property: (input: T) => void | Promise<void>): void {
  const timeout = LIMIT_MS + 30_000;
  test(name, { timeout }, async () => {
    const before = sharedPrototypes();
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(input, async (value) => {
        await property(value);
        tried += 1;
        if (sharedPrototypes() !== before) throw new Error('a prototype that all objects share has changed');
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, ...(SEED !== undefined && { seed: Number(SEED) }) },
    );
    if (process.env.FUZZ_RUNS !== undefined) process.stdout.write(`${tried} inputs: ${name}\n`);
  });
}

function sharedPrototypes(): string {
  const own = [Object.prototype, Array.prototype, Function.prototype, String.prototype].map((prototype) =>
    Reflect.ownKeys(prototype).map(String).join(),
  );
  return own.join(';');
}
