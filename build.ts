/** Bundles the program into one file, dist/rebound.mjs, with the licences of its packages beside it: `node build.ts`. */
import { build, type Plugin } from 'esbuild';

/**
 * Drops the modules of the Kubernetes client that nothing refers to. It holds a class for every kind and call of the API,
 * of which the program uses none, and its package does not say that importing them has no effect. Kept, they would
 * cost every process some twenty megabytes.
 */
const unusedClientModules: Plugin = {
  name: 'unused-client-modules',
  setup: (bundle) => {
    bundle.onResolve(
      { filter: /^(@kubernetes\/client-node$|\.)/ },
      async ({ path, importer, resolveDir, kind, pluginData }) => {
        const isOfClient = path.startsWith('@') || importer.includes('/node_modules/@kubernetes/client-node/');
        if (!isOfClient || pluginData === unusedClientModules) return undefined;
        const found = await bundle.resolve(path, { importer, resolveDir, kind, pluginData: unusedClientModules });
        return { ...found, sideEffects: false };
      },
    );
  },
};

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/rebound.mjs',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // The names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  // One letter that is not ASCII, as licences have, would make Node hold the whole program at two bytes a letter.
  legalComments: 'external',
  plugins: [unusedClientModules],
  // Packages in the older module format call require, which an ES module has to be given.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
