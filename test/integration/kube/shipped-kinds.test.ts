import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backupDestinations, reboundSettingsKind } from '../../../src/api/resource-kinds.ts';
import { poll } from '../../cluster/poll.ts';
import { applyManifests, kindOf, readManifests } from '../webhook/manifests.ts';
import { type Fixture, startFixture } from './fixture.ts';

const VIEWER = 'somebody-who-looks';
const answer = z.object({ status: z.object({ allowed: z.boolean() }) });
const role = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) });

let fixture: Fixture;
let namespace: string;

const makeDestination = (s3: object) =>
  fixture.client.create(
    backupDestinations,
    {
      metadata: { name: 'default' },
      spec: { s3: { bucket: 'backups', credentialsSecretName: 'keys', ...s3 }, repositoryPasswordSecretName: 'master' },
    },
    { dryRun: true },
  );

beforeAll(async () => {
  fixture = await startFixture();
  const viewRole = readManifests('manifests/controller/view-cluster-role.yaml');
  await applyManifests(fixture.client, [...readManifests('manifests/crds'), ...viewRole]);
  await poll({ what: 'the kinds to be served', timeoutSeconds: 30, intervalMs: 100 }, async () => {
    await makeDestination({});
    return true;
  });
});
beforeEach(async () => {
  namespace = await fixture.newNamespace();
});
afterAll(() => fixture.stop());

describe('a BackupDestination', () => {
  it.each(['..', 'shop/../other', './shop', 'shop/.'])(
    'invariant 12: is refused when it is made with the prefix %j, which would lead elsewhere',
    async (prefix) => {
      await expect(makeDestination({ prefix })).rejects.toThrow('prefix must not hold . or ..');
    },
  );

  it('is taken with dots that are part of a name', async () => {
    const made = await makeDestination({ prefix: 'shop.example/v1..2' });
    expect(made.spec.s3?.prefix).toBe('shop.example/v1..2');
  });

  it('is refused when its movers would look for the bucket elsewhere than its probe', async () => {
    const s3 = { endpoint: 'https://s3.example.com', forcePathStyle: false };
    await expect(makeDestination(s3)).rejects.toThrow('forcePathStyle must not be false with this endpoint');
    await makeDestination({ ...s3, endpoint: 'https://s3.eu-central-1.amazonaws.com' });
  });
});

describe('the ReboundSettings', () => {
  const make = (name: string, limits: object) =>
    fixture.client.create(reboundSettingsKind, { metadata: { name }, spec: { limits } }, { dryRun: true });

  it('are only one, and what they do not name is as shipped', async () => {
    await expect(make('other', {})).rejects.toThrow('there is only one, and its name is default');
    const { spec } = await make('default', { backups: 7 });
    expect(spec.limits).toEqual({ restores: 4, backups: 7, firstBackups: 2, maintenance: 2 });
  });

  it('let at least one of each work', async () => {
    await expect(make('default', { restores: 0 })).rejects.toThrow('spec.limits.restores');
  });
});

describe('who may view a namespace', () => {
  async function mayDo(verb: string, group: string, resource: string, subresource = ''): Promise<boolean> {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: VIEWER, resourceAttributes: { namespace, verb, group, resource, subresource } },
    };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const { status } = answer.parse(JSON.parse(await fixture.client.raw({ method: 'POST', path, body })));
    return status.allowed;
  }

  beforeEach(async () => {
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    await fixture.client.apply(kindOf({ apiVersion, kind: 'RoleBinding' }), {
      metadata: { name: 'view', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'rebound-view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: VIEWER }],
    });
  });

  it('invariant 10: sees how its claims are protected and restored', async () => {
    for (const resource of ['protectedvolumes', 'volumerestores']) {
      await poll({ what: `${resource} to be seen`, timeoutSeconds: 10, intervalMs: 100 }, async () => {
        return (await mayDo('list', 'rebound.dev', resource)) && (await mayDo('get', 'rebound.dev', resource));
      });
    }
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/rebound-view';
    const { metadata } = role.parse(JSON.parse(await fixture.client.raw({ method: 'GET', path })));
    for (const of of ['view', 'edit', 'admin']) {
      expect(metadata.labels).toMatchObject({ [`rbac.authorization.k8s.io/aggregate-to-${of}`]: 'true' });
    }
  });

  it('invariant 9: changes nothing by that, and reads no Secret', async () => {
    await poll({ what: 'the binding to count', timeoutSeconds: 10, intervalMs: 100 }, () =>
      mayDo('list', 'rebound.dev', 'protectedvolumes'),
    );
    for (const verb of ['create', 'patch', 'update', 'delete']) {
      expect(await mayDo(verb, 'rebound.dev', 'protectedvolumes')).toBe(false);
      expect(await mayDo(verb, 'rebound.dev', 'volumerestores', 'status')).toBe(false);
    }
    expect(await mayDo('get', '', 'secrets')).toBe(false);
  });
});
