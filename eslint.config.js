import { readdirSync } from 'node:fs';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What each folder of src may import, besides itself. Dependencies point one way. */
const mayImport = {
  time: [],
  'kube/model': ['time'],
  'kube/client': ['time', 'kube/model'],
  'kube/cache': ['time', 'kube/model', 'kube/client'],
  kube: ['time'],
  api: ['kube/model'],
  domain: ['api', 'time'],
  config: ['api', 'domain'],
  runtime: ['kube', 'time'],
  destinations: ['api', 'domain', 'kube/model', 'runtime', 'time'],
  repositories: ['api', 'domain', 'kube/model', 'runtime', 'destinations', 'time'],
  engines: ['api', 'domain', 'kube', 'runtime', 'destinations', 'repositories', 'time'],
  mover: ['api', 'domain', 'runtime', 'destinations', 'repositories', 'time'],
  certificates: ['api', 'domain', 'kube', 'time'],
};
mayImport.strategies = [...mayImport.engines, 'engines'];
mayImport.webhook = [...mayImport.engines, 'certificates', 'config'];
mayImport.controllers = [...mayImport.strategies, 'strategies', 'certificates', 'config'];
mayImport.roles = [...mayImport.controllers, 'webhook', 'controllers', 'mover'];

const folders = Object.keys(mayImport);

const isWithin = (folder, other) => folder === other || folder.startsWith(`${other}/`);

/** The rooms of `other` that a folder may enter though it may not enter all of it. */
const exceptions = (folder, other) =>
  mayImport[folder].filter((one) => one.startsWith(`${other}/`)).map((one) => `./${one.slice(other.length + 1)}`);

const isOpen = (folder, other) => mayImport[folder].some((one) => isWithin(other, one));

const zones = folders.flatMap((folder) =>
  [...folders, 'main.ts']
    .filter((other) => !isWithin(folder, other) && !isWithin(other, folder) && !isOpen(folder, other))
    .map((other) => ({
      target: `./src/${folder}`,
      from: `./src/${other}`,
      except: exceptions(folder, other),
      message: `src/${folder} may import only: ${mayImport[folder].join(', ') || 'nothing'}.`,
    })),
);

/** Folders whose folders never import each other: what two of them need stands beside them. */
const rooms = ['controllers', 'engines'];

const siblingZones = rooms.flatMap((room) => {
  const siblings = readdirSync(`src/${room}`, { withFileTypes: true }).filter((one) => one.isDirectory());
  return siblings.flatMap(({ name }) =>
    siblings
      .filter((other) => other.name !== name)
      .map((other) => ({
        target: `./src/${room}/${name}`,
        from: `./src/${room}/${other.name}`,
        message: `Siblings never import each other: move what both need to src/${room}.`,
      })),
  );
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'eslint.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver({ alwaysTryTypes: true })],
    },
    rules: {
      complexity: ['error', 12],
      'max-params': ['error', 4],
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/*.test.ts'], message: 'Tests are not a library.' }] },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: [...zones, ...siblingZones], basePath: import.meta.dirname }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'bin/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/*.test.ts', '**/test/**', '#doubles/*', '#simulation/*'],
              message: 'What ships knows no tests and no doubles.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/require-await': 'off',
    },
  },
);
