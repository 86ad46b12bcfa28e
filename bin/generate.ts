/**
 * Writes the generated manifests, or with `--check` only compares them:
 * `node bin/generate.ts [--check]`. Exits 1 when a file differs.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dump, loadAll } from 'js-yaml';
import { z } from 'zod';
import { customResourceDefinition } from '../src/api/crd.ts';
import { defaultPolicies } from '../src/api/default-policies.ts';
import { floorDigest, floorRules } from '../src/api/floor.ts';
import { API_GROUP, API_GROUP_VERSION } from '../src/api/group.ts';
import { kindDefinitions } from '../src/api/kinds.ts';

const folder = new URL('../manifests/', import.meta.url);
const header = '# Generated from src/api by `npm run generate`. Do not edit.\n';

const yaml = (value: unknown): string => dump(value, { lineWidth: 120, noRefs: true });

const crdFiles = kindDefinitions.map((definition) => `${API_GROUP}_${definition.plural}.yaml`);

/** The rules of the policy that refuses undecided claims: the controller notices when the cluster's are others. */
async function expectedFloor(): Promise<string> {
  const manifests = loadAll(await readFile(new URL('../policies/no-undecided-claims.yaml', import.meta.url), 'utf8'));
  const policy = z.object({ kind: z.literal('ValidatingAdmissionPolicy'), spec: floorRules });
  const [found] = manifests.map((one) => policy.safeParse(one)).filter((one) => one.success);
  if (found === undefined) throw new Error('policies/no-undecided-claims.yaml holds no policy');
  return `// Generated from policies/ by \`npm run generate\`. Do not edit.

/** Digest of the rules of the policy that refuses undecided claims, as this version ships it. */
export const EXPECTED_FLOOR_DIGEST = '${floorDigest(found.data.spec)}';
`;
}

const manifests = [
  ...kindDefinitions.map((definition) => ({
    path: `crds/${API_GROUP}_${definition.plural}.yaml`,
    text: yaml(customResourceDefinition(definition)),
  })),
  {
    path: 'crds/kustomization.yaml',
    text: yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: crdFiles }),
  },
  {
    path: 'tiers/tiers.yaml',
    text: defaultPolicies
      .map(({ name, spec }) => yaml({ apiVersion: API_GROUP_VERSION, kind: 'BackupPolicy', metadata: { name }, spec }))
      .join('---\n'),
  },
].map(({ path, text }) => ({ url: new URL(path, folder), text: header + text }));

const files = [
  ...manifests,
  { url: new URL('../src/api/expected-floor.ts', import.meta.url), text: await expectedFloor() },
];

async function readOrEmpty(url: URL): Promise<string> {
  return await readFile(url, 'utf8').catch(() => '');
}

if (process.argv.includes('--check')) {
  for (const file of files) {
    if ((await readOrEmpty(file.url)) !== file.text) {
      console.error(
        `${file.url.pathname} differs from what it is generated from: run "npm run generate" and commit the result.`,
      );
      process.exitCode = 1;
    }
  }
} else {
  for (const file of files) {
    await mkdir(new URL('.', file.url), { recursive: true });
    await writeFile(file.url, file.text);
  }
}
