import { join } from 'node:path';
import { API_GROUP_VERSION } from '../../../src/api/group.ts';
import { z } from 'zod';
import type { BenchContext } from '../bench.ts';
import type { LoadRequest } from '../world/api-load.ts';
import { type BenchPlane, namespaceCreation } from '../world/bench-plane.ts';
import {
  claimBinding,
  claimCreation,
  type ClaimName,
  isRestored,
  namespaceNames,
  podCreation,
  podStart,
  restoreCompletion,
  restoreCreation,
} from './claims.ts';
import { backupEnded, writeRepositories } from './engine-stand-in.ts';

const concurrency = 16;

/** Creates the claims, bound and mounted by pods, as an application's installer and Kubernetes would have. */
export async function createClaims(
  { api }: BenchPlane,
  claims: readonly ClaimName[],
  { report }: Pick<BenchContext, 'report'>,
): Promise<void> {
  const send = async (what: string, requests: Iterable<LoadRequest>): Promise<void> => {
    const { latenciesMilliseconds, durationSeconds } = await api.send(requests, concurrency);
    report(`${what}: ${latenciesMilliseconds.length} in ${durationSeconds.toFixed(1)} s`);
  };
  await send('namespaces', namespaceNames(claims).map(namespaceCreation));
  await send('claims', claims.map(claimCreation));
  await send('claims bound', claims.map(claimBinding));
  await send('pods', claims.map(podCreation));
  await send('pods started', claims.map(podStart));
  const uids = await claimUids({ api }, namespaceNames(claims));
  const restored = claims.filter(isRestored);
  const uidOf = ({ namespace, name }: ClaimName): string => {
    const uid = uids.get(`${namespace}/${name}`);
    if (uid === undefined) throw new Error(`claim ${namespace}/${name} was created, but is not there`);
    return uid;
  };
  await send(
    'restores',
    restored.map((claim) => restoreCreation(claim, uidOf(claim))),
  );
  await send('restores completed', restored.map(restoreCompletion));
}

const nameAndUid = z.object({ metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string() }) });
const objects = z.object({ items: z.array(nameAndUid) });

async function claimUids({ api }: Pick<BenchPlane, 'api'>, namespaces: readonly string[]) {
  const uids = new Map<string, string>();
  for (const namespace of namespaces) {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    const { items } = objects.parse(await api.ask({ method: 'GET', path }));
    for (const { metadata } of items) uids.set(`${metadata.namespace}/${metadata.name}`, metadata.uid);
  }
  return uids;
}

/** Plays one scheduled backup of every claim: a snapshot in the store, and what VolSync then says. */
export async function endBackups({ api, s3 }: BenchPlane, claims: readonly ClaimName[]): Promise<void> {
  const { bucket, prefix } = s3.settings;
  const snapshots = writeRepositories(claims, join(s3.folder, bucket, prefix));
  await api.send(
    claims.map((claim, index) => backupEnded(claim, snapshots[index] ?? '')),
    concurrency,
  );
}

const sources = z.object({
  items: z.array(z.object({ spec: z.object({ trigger: z.object({ schedule: z.string() }) }) })),
});
const volumes = z.object({
  items: z.array(z.object({ status: z.object({ phase: z.string() }).optional() })),
});

/** The cron expressions of all schedules in the cluster. */
export async function schedules({ api }: BenchPlane): Promise<string[]> {
  const path = '/apis/volsync.backube/v1alpha1/replicationsources';
  const { items } = sources.parse(await api.ask({ method: 'GET', path }));
  return items.map(({ spec }) => spec.trigger.schedule);
}

/** How many claims stand in each phase. */
export async function phases({ api }: BenchPlane): Promise<Readonly<Record<string, number>>> {
  const path = `/apis/${API_GROUP_VERSION}/protectedvolumes`;
  const { items } = volumes.parse(await api.ask({ method: 'GET', path }));
  const counts: Record<string, number> = {};
  for (const { status } of items) {
    const phase = status?.phase ?? 'none';
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  return counts;
}
