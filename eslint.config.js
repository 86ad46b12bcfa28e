import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What each folder of src may import, besides itself. Dependencies point one way. */
const mayImport = {
  api: [],
  domain: ['api'],
  config: ['api', 'domain'],
  kube: ['api', 'domain'],
  runtime: ['api', 'domain', 'kube'],
  destinations: ['api', 'domain', 'kube', 'runtime'],
  engines: ['api', 'domain', 'kube', 'runtime', 'destinations'],
  strategies: ['api', 'domain', 'kube', 'runtime', 'destinations', 'engines'],
  certificates: ['api', 'domain', 'kube'],
  webhook: ['api', 'domain', 'kube', 'runtime', 'destinations', 'engines', 'certificates', 'config'],
  controllers: ['api', 'domain', 'kube', 'runtime', 'destinations', 'engines', 'strategies', 'certificates', 'config'],
  roles: [
    'api',
    'domain',
    'kube',
    'runtime',
    'destinations',
    'engines',
    'strategies',
    'certificates',
    'config',
    'webhook',
    'controllers',
  ],
};

const folders = Object.keys(mayImport);

const zones = folders.flatMap((folder) =>
  [...folders, 'main.ts']
    .filter((other) => other !== folder && !mayImport[folder].includes(other))
    .map((other) => ({
      target: `./src/${folder}`,
      from: `./src/${other}`,
      message: `src/${folder} may import only: ${mayImport[folder].join(', ') || 'nothing'}.`,
    })),
);

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
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
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
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/require-await': 'off',
    },
  },
);
