import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TIER_LABEL } from '../../../src/api/labels.ts';
import type { S3Server } from '../../integration/destinations/versitygw.ts';
import { creation, type LoadRequest } from '../world/api-load.ts';

const claimName = (index: number): string => `data-${index}`;

/** Requests that create claims with an application's usual labels, with or without the tier label. */
export function claimCreations(namespace: string, count: number, labelled: boolean): LoadRequest[] {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  return Array.from({ length: count }, (_, index) => {
    const labels = {
      app: 'shop',
      'app.kubernetes.io/instance': 'shop',
      ...(labelled ? { [TIER_LABEL]: 'hourly' } : {}),
    };
    return creation(path, {
      metadata: { name: claimName(index), labels },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
    });
  });
}

/** Gives every second claim a backup: the probe only lists, so the name of a snapshot is enough. */
export function putBackups({ folder, settings }: S3Server, namespace: string, count: number): void {
  for (let index = 0; index < count; index += 2) {
    const snapshots = join(folder, settings.bucket, settings.prefix, namespace, claimName(index), 'snapshots');
    mkdirSync(snapshots, { recursive: true });
    writeFileSync(join(snapshots, randomBytes(32).toString('hex')), 'a snapshot');
  }
}
