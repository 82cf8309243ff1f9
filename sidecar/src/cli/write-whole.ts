import { rename, rm, writeFile } from 'node:fs/promises';

/** Puts a file in the place of another in one step: whoever reads it sees the one or the other. @throws as `node:fs` does */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
