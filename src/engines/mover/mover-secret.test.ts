import { describe, expect, it } from 'vitest';
import { buildMoverSecret } from './mover-secret.ts';
import { moverRepository, restorePlan } from '#doubles/mover/mover-plans.ts';

const job = { name: 'rebound-restore-3-1', uid: '55555555-0000-4000-8000-000000000000' };
const decoded = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));

describe('buildMoverSecret', () => {
  it('belongs to its Job alone, and never changes', () => {
    const { metadata, immutable } = buildMoverSecret(job, restorePlan.client, moverRepository);
    expect(metadata).toMatchObject({
      name: job.name,
      namespace: 'rebound-movers',
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.name, uid: job.uid, controller: true }],
    });
    expect(immutable).toBe(true);
  });

  it('holds one repository and nothing else', () => {
    const data = decoded(buildMoverSecret(job, restorePlan.client, moverRepository).data);
    const { ['repository.json']: place = '', ...others } = data;
    expect(others).toEqual({
      RESTIC_REPOSITORY: 's3:https://store:9000/bucket/prefix/shop/db',
      RESTIC_PASSWORD: 'the-password',
      AWS_ACCESS_KEY_ID: 'the-key-id',
      AWS_SECRET_ACCESS_KEY: 'the-secret-key',
      AWS_SESSION_TOKEN: 'the-token',
      AWS_DEFAULT_REGION: 'eu-1',
      'ca.crt': 'the-authority',
    });
    expect(JSON.parse(place)).toEqual({
      identity: '00000000-0000-4000-8000-000000000001',
      repositoryPath: 'shop/db',
      store: {
        type: 's3',
        endpoint: 'https://store:9000',
        region: 'eu-1',
        bucket: 'bucket',
        prefix: 'prefix',
        forcePathStyle: true,
      },
    });
  });
});
