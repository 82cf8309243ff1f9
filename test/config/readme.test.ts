import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { optionsMarkdown } from '../../sidecar/src/config/options-table.ts';

const README = new URL('../../README.md', import.meta.url);
const TABLE = /(?<=<!-- options -->\n)[\s\S]*?(?=<!-- \/options -->)/;

/** `npm run docs` rewrites it. */
test("the README's table of options is the program's", async () => {
  const readme = await readFile(README, 'utf8');
  const table = `${optionsMarkdown()}\n`;
  expect(readme).toMatch(TABLE);
  if (process.env.UPDATE_DOCS === '1')
    await writeFile(
      README,
      readme.replace(TABLE, () => table),
    );
  else expect(TABLE.exec(readme)?.[0]).toBe(table);
});
