import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../command.ts';
import type { Report } from '../provider.ts';
import { cached } from './cache.ts';
import { moduleSource, programPart } from './go-programs.ts';

const addOnsFolder = join(import.meta.dirname, '..', 'add-ons');
const stampName = 'rebound-cluster-add-ons';

export interface AddOns {
  readonly crds: string;
  readonly objects: string;
  readonly hash: string;
}

function readFiles(folder: string, wanted: (name: string) => boolean): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && wanted(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

const crdSources = [
  {
    part: 'csi-snapshotter',
    module: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
    folder: 'config/crd',
    prefix: 'snapshot.storage',
  },
  { part: 'volsync', module: 'github.com/backube/volsync', folder: 'config/crd/bases', prefix: 'volsync.backube' },
] as const;

/** CRDs of snapshots and VolSync, taken from the Go modules that their controllers are built from. */
async function readCrds(report: Report): Promise<string> {
  const madeOf = crdSources.flatMap(({ part, folder }) => [...programPart(part).madeOf, folder]);
  const folder = await cached(
    { name: 'crds', madeOf },
    async (target) => {
      const texts: string[] = [];
      for (const { part, module, folder: within, prefix } of crdSources) {
        const source = join(await moduleSource(part, module), within);
        texts.push(...readFiles(source, (name) => name.startsWith(prefix)));
      }
      writeFileSync(join(target, 'crds.yaml'), texts.join('\n---\n'));
    },
    report,
  );
  return readFileSync(join(folder, 'crds.yaml'), 'utf8');
}

export interface AddOnsOptions {
  readonly exclude?: readonly string[];
  /** Address of the Service of cluster DNS, in place of the first cluster's, which the files name. */
  readonly dnsService?: string;
}

/** The manifests of what belongs to the cluster: CRDs, and the files in ../add-ons. */
export async function readAddOns(report: Report, { exclude = [], dnsService }: AddOnsOptions = {}): Promise<AddOns> {
  const crds = await readCrds(report);
  const written = readFiles(addOnsFolder, (name) => !exclude.includes(name)).join('\n---\n');
  const objects = written.replace(/^( *clusterIP:).*$/m, (line, key: string) =>
    dnsService === undefined ? line : `${key} ${dnsService}`,
  );
  return { crds, objects, hash: createHash('sha256').update(crds).update(objects).digest('hex').slice(0, 16) };
}

function stamp(hash: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: stampName, namespace: 'kube-system' },
    data: { hash },
  });
}

/** Where the API server keeps the hash of the add-ons that were applied last. */
export const addOnsStampPath = `/api/v1/namespaces/kube-system/configmaps/${stampName}`;

type RunWithInput = (command: readonly string[], input: string) => Promise<unknown>;

/** @param kubectl the command line of kubectl, with its kubeconfig. */
export async function applyAddOns(
  kubectl: readonly string[],
  addOns: AddOns,
  runWith: RunWithInput = (command, input) => run(command, { input }),
): Promise<void> {
  const flags = ['--server-side', '--force-conflicts', '--field-manager=rebound-cluster', '-f', '-'];
  const apply = [...kubectl, 'apply', ...flags];
  await runWith(apply, addOns.crds);
  await runWith([...kubectl, 'wait', '--for=condition=Established', '--timeout=30s', '-f', '-'], addOns.crds);
  await runWith(apply, addOns.objects);
  await runWith(apply, stamp(addOns.hash));
}
