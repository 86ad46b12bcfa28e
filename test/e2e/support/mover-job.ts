import { MOVERS_NAMESPACE, SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../../src/api/labels.ts';
import { backupDestinations } from '../../../src/api/resource-kinds.ts';
import { repositoryPath } from '../../../src/destinations/layout.ts';
import { resticRepositoryUrl } from '../../../src/destinations/s3/restic-repository.ts';
import { primeClaimName } from '../../../src/domain/object-names.ts';
import type { MoverRepository } from '../../../src/engines/mover/mover-repository.ts';
import { buildMoverSecret } from '../../../src/engines/mover/mover-secret.ts';
import { buildRestoreJob, type RestorePlan } from '../../../src/engines/mover/restore-job.ts';
import { readRestoreRun, type RestoreRun } from '../../../src/engines/mover/restore-run.ts';
import {
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  type PersistentVolumeClaim,
} from '../../../src/kube/model/built-in-kinds.ts';
import { JOB_LABEL } from '../../../src/kube/model/pods-by-job.ts';
import { loadResticImage } from '../../cluster/images/restic-image.ts';
import { claimManifest, type ClaimOptions } from './claim-manifest.ts';
import { ResticRepository } from './restic-repository.ts';
import type { Workspace } from './workspace.ts';

/** The repository of a claim in the default destination, as a mover is given it. */
async function repositoryOf({ cluster, client, namespace }: Workspace, claim: string): Promise<MoverRepository> {
  const { s3 } = cluster.environment;
  const settings = { ...s3, prefix: '', forcePathStyle: true };
  const path = repositoryPath({ namespace, claim });
  const destination = await client.get(backupDestinations, { name: 'default' });
  return {
    url: resticRepositoryUrl(settings, path),
    password: await ResticRepository.passwordOf(cluster, namespace),
    settings,
    path,
    identity: destination?.status?.identity ?? '',
  };
}

async function ownImage({ client }: Workspace): Promise<string> {
  const labelSelector = 'app.kubernetes.io/component=controller';
  const [pod] = await client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
  return pod?.spec.containers[0]?.image ?? '';
}

/** A claim among the movers, to be filled for the claim of that name. Goes with the test. */
async function makePrime(
  workspace: Workspace,
  ownerUid: string,
  options: ClaimOptions,
): Promise<PersistentVolumeClaim> {
  const { metadata, spec } = claimManifest(primeClaimName(ownerUid), options);
  const ref = { namespace: MOVERS_NAMESPACE, name: metadata.name };
  workspace.onEnd(() => workspace.client.delete(persistentVolumeClaims, ref));
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY };
  await workspace.client.create(persistentVolumeClaims, { metadata: { ...ref, labels }, spec });
  return await workspace.eventually('the prime claim to be bound', async () => {
    const claim = await workspace.client.get(persistentVolumeClaims, ref);
    return claim?.status?.phase === 'Bound' ? claim : undefined;
  });
}

/** Makes the Job and its Secret as the controller would, lets it start, and waits until its run has ended. */
async function run(workspace: Workspace, plan: RestorePlan): Promise<RestoreRun> {
  const { client } = workspace;
  const made = await client.create(jobs, buildRestoreJob(plan));
  const { name, uid } = made.metadata;
  const ref = { namespace: MOVERS_NAMESPACE, name };
  workspace.onEnd(async () => {
    await client.delete(jobs, ref, { propagationPolicy: 'Background' });
    await client.mergePatch(jobs, ref, { metadata: { finalizers: null } });
  });
  await client.create(secrets, buildMoverSecret({ name, uid }, plan.client, plan.repository));
  await client.mergePatch(jobs, ref, { spec: { suspend: false } });
  return await workspace.eventually(`Job ${name} to end`, async () => {
    const job = await client.get(jobs, ref);
    const [pod] = await client.list(pods, { namespace: MOVERS_NAMESPACE, labelSelector: `${JOB_LABEL}=${name}` });
    const state = job === undefined ? undefined : readRestoreRun(job, pod);
    const isUnderWay = ['suspended', 'starting', 'restoring', 'proving'].includes(state?.kind ?? 'starting');
    return isUnderWay ? undefined : state;
  });
}

/** Binds a new claim of the workspace to the volume of a claim among the movers. */
async function handOver(workspace: Workspace, prime: PersistentVolumeClaim, name: string, options: ClaimOptions) {
  const { client, namespace } = workspace;
  const { volumeName = '' } = prime.spec;
  const claimRef = { namespace, name, uid: null, resourceVersion: null };
  await client.mergePatch(persistentVolumes, { name: volumeName }, { spec: { claimRef } });
  await workspace.createClaim(name, { ...options, spec: { ...options.spec, volumeName } });
}

/**
 * Restores a snapshot of a claim by a mover among the movers, and gives the volume to a new claim of the workspace.
 *
 * @param options of the new claim.
 */
export async function restoreByMover(
  workspace: Workspace,
  source: { readonly claim: string; readonly snapshotId: string },
  into: { readonly claim: string; readonly options: ClaimOptions },
): Promise<RestoreRun> {
  const { uid } = (await workspace.claim(source.claim)).metadata;
  const prime = await makePrime(workspace, uid, into.options);
  const ended = await run(workspace, {
    client: {
      role: 'restore',
      claim: { namespace: workspace.namespace, name: source.claim, uid },
      ownerUid: uid,
    },
    clusterUid: uid,
    images: {
      own: { image: await ownImage(workspace) },
      restic: { image: await loadResticImage(workspace.cluster.provider, () => undefined) },
    },
    placement: {},
    attempt: 1,
    repository: await repositoryOf(workspace, source.claim),
    primeClaimName: prime.metadata.name,
    snapshotId: source.snapshotId,
    filledBefore: false,
    verifyContent: false,
  });
  await handOver(workspace, prime, into.claim, into.options);
  return ended;
}
