/** Both programs of the demo's image, each with what it needs in it. */
export default {
  input: { 'demo-service/main': 'compose/demo-service/main.ts', 'setup/main': 'compose/setup/main.ts' },
  platform: 'node',
  transform: { target: 'es2023' },
  output: { dir: 'compose/dist', format: 'esm', cleanDir: true },
};
