/**
 * Bundles the program into dist/rebound.mjs and the parts that it loads when a role needs them, with the licences of their packages
 * beside them: `node build.ts`. A container of a mover is started for every restore and backup, and an application waits for it: it
 * must not read what only the controller is made of.
 */
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/** The one package that stays beside the bundle. */
const nativePackage = 'koffi';

/** Puts beside the bundle what the native package is at run time: its interface, and the programs of this machine's kind. */
function copyNativePackage(): void {
  const target = 'dist/node_modules';
  const isOfRunTime = (path: string): boolean => statSync(path).isDirectory() || /\.(js|cjs|json|txt)$/.test(path);
  const source = join('node_modules', nativePackage);
  for (const part of ['package.json', 'LICENSE.txt', 'index.js', 'index.cjs', 'src'])
    cpSync(join(source, part), join(target, nativePackage, part), { recursive: true, filter: isOfRunTime });
  const programs = join('node_modules', '@koromix');
  for (const name of readdirSync(programs)) {
    cpSync(join(programs, name), join(target, '@koromix', name), { recursive: true });
  }
}

rmSync('dist', { recursive: true, force: true });
copyNativePackage();
await build({
  entryPoints: { rebound: 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  chunkNames: 'rebound-[hash]',
  // It brings a program of this machine's processor, which can't be bundled.
  external: [nativePackage],
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
