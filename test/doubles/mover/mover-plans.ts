import type { BackupPlan } from '../../../src/engines/mover/backup-job.ts';
import type { MaintenanceJobPlan } from '../../../src/engines/mover/maintenance-job.ts';
import type { MoverRepository } from '../../../src/engines/mover/mover-repository.ts';
import type { RestorePlan } from '../../../src/engines/mover/restore-job.ts';

/** A repository behind an authority of its own, with a session token: all that a Secret may hold. */
export const moverRepository: MoverRepository = {
  url: 's3:https://store:9000/bucket/prefix/shop/db',
  password: 'the-password',
  settings: {
    endpoint: 'https://store:9000',
    region: 'eu-1',
    bucket: 'bucket',
    prefix: 'prefix',
    forcePathStyle: true,
    accessKeyId: 'the-key-id',
    secretAccessKey: 'the-secret-key',
    sessionToken: 'the-token',
    caPem: 'the-authority',
  },
  path: 'shop/db',
  identity: '00000000-0000-4000-8000-000000000001',
};

const claim = { namespace: 'shop', name: 'db', uid: '11111111-0000-4000-8000-000000000000' };
const images = {
  own: { image: 'rebound:1', imagePullPolicy: 'Always' },
  restic: { image: 'restic:1' },
  pullSecrets: ['registry'],
};
const clusterUid = '22222222-0000-4000-8000-000000000000';

export const restorePlan: RestorePlan = {
  client: { role: 'restore', claim, ownerUid: '33333333-0000-4000-8000-000000000000' },
  clusterUid,
  images,
  placement: {},
  attempt: 1,
  repository: moverRepository,
  primeClaimName: 'rebound-prime-3',
  snapshotId: 'a'.repeat(64),
  filledBefore: false,
  verifyContent: false,
};

export const backupPlan: BackupPlan = {
  name: 'rebound-backup-1',
  client: { role: 'backup', claim, ownerUid: '44444444-0000-4000-8000-000000000000' },
  clusterUid,
  images,
  placement: { tolerations: [{ operator: 'Exists' }] },
  repository: moverRepository,
  copyClaimName: 'rebound-copy-4',
  takenMilliseconds: Date.parse('2026-01-02T03:04:05Z'),
  excludes: [],
};

export const maintenancePlan: MaintenanceJobPlan = {
  client: { role: 'maintain', claim, ownerUid: '44444444-0000-4000-8000-000000000000' },
  clusterUid,
  images,
  repository: moverRepository,
  snapshotIds: ['a'.repeat(64), 'b'.repeat(64)],
  basis: { rules: '{"last":1}', request: 'now' },
};
