import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const LICENSE_FILE = /^(licen[cs]e|copying)(\.|$)/i;

/**
 * The program as a few files with all that they need in them: a command starts without looking for some 400 modules.
 * Not minified, so that a stack trace can be read.
 */
export default {
  input: 'sidecar/src/main.ts',
  platform: 'node',
  transform: { target: 'es2023' },
  plugins: [withoutAdapters(), thirdPartyLicenses()],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    // One folder below, as the sources stand to theirs: what is read from disk is found in both.
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
};

/** Leaves out how axios sends by itself, which loads some 40 modules: `kong/transport.ts` gives it an adapter. */
function withoutAdapters() {
  const none = 'no-adapter';
  let left = 0;
  return {
    name: 'without-adapters',
    resolveId(id, importer) {
      const isAdapter = /^\.\/(http|xhr|fetch)\.js$/.test(id);
      if (!isAdapter || importer?.endsWith('/axios/lib/adapters/adapters.js') !== true) return undefined;
      left += 1;
      return none;
    },
    load: (id) => (id === none ? 'export default null; export const getFetch = null;' : undefined),
    buildEnd(error) {
      if (error === undefined && left !== 3) throw new Error('axios keeps its adapters somewhere else now');
    },
  };
}

/** The licenses of the packages that got into the bundle, with their versions. */
function thirdPartyLicenses() {
  return {
    name: 'third-party-licenses',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const folders = new Set(modules.map(packageFolder).filter((folder) => folder !== undefined));
      const source = [...folders]
        .sort()
        .map(describe)
        .join(`\n${'-'.repeat(80)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENSES.txt', source });
    },
  };
}

function packageFolder(moduleId) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(moduleId)?.[0];
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => LICENSE_FILE.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}
