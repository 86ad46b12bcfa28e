import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TIER_LABEL } from '../../../src/api/labels.ts';
import type { S3Server } from '../../integration/destinations/versitygw.ts';
import { creation, type LoadRequest } from '../world/api-load.ts';

/** The claims of one run, spread over namespaces as they are in a cluster; no other run has claims of their names. */
export interface ClaimSet {
  readonly namespaces: readonly string[];
  readonly run: number;
  readonly count: number;
}

interface ClaimRef {
  readonly namespace: string;
  readonly name: string;
}

function refs({ namespaces, run, count }: ClaimSet): ClaimRef[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: namespaces[index % namespaces.length] ?? '',
    name: `data-${run}-${index}`,
  }));
}

/** Requests that create claims with an application's usual labels, with or without the tier label. */
export function claimCreations(claims: ClaimSet, labelled: boolean): LoadRequest[] {
  const labels = {
    app: 'shop',
    'app.kubernetes.io/instance': 'shop',
    ...(labelled ? { [TIER_LABEL]: 'hourly' } : {}),
  };
  return refs(claims).map(({ namespace, name }) =>
    creation(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
      metadata: { name, labels },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
    }),
  );
}

const repositoryFolder = ({ folder, settings }: S3Server, { namespace, name }: ClaimRef): string =>
  join(folder, settings.bucket, settings.prefix, namespace, name);

/** Gives each claim a backup: the probe only lists, so the name of a snapshot is enough. */
export function putBackups(s3: S3Server, claims: ClaimSet): void {
  for (const claim of refs(claims)) {
    const snapshots = join(repositoryFolder(s3, claim), 'snapshots');
    mkdirSync(snapshots, { recursive: true });
    writeFileSync(join(snapshots, randomBytes(32).toString('hex')), 'a snapshot');
  }
}

export function removeBackups(s3: S3Server, claims: ClaimSet): void {
  for (const claim of refs(claims)) rmSync(repositoryFolder(s3, claim), { recursive: true });
}
