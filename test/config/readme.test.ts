import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { optionsMarkdown } from '../../sidecar/src/config/options-table.ts';

test("the README's table of options is the program's", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /<!-- options -->\n(?<table>[\s\S]*?)<!-- \/options -->/.exec(readme)?.groups?.table;
  expect(table).toBe(`${optionsMarkdown()}\n`);
});
