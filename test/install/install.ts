import { join } from 'node:path';
import { loadResticImage } from '../cluster/images/restic-image.ts';
import { poll } from '../cluster/poll.ts';
import type { ClusterEnvironment, ClusterProvider, Report } from '../cluster/provider.ts';
import { buildReboundImage, projectFolder } from './build.ts';
import { destinationObjects } from './destination.ts';
import { kubectl } from './kubectl.ts';

const OVERLAY = join(projectFolder, 'manifests', 'overlays', 'local');
const TIERS = join(projectFolder, 'manifests', 'tiers');
const OVERLAY_IMAGE = 'localhost/rebound:local';

/** A claim that the API server admits only once the whole chain answers: webhook, certificates, policy, store. */
const probeClaim = JSON.stringify({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'rebound-install-probe', namespace: 'default', labels: { backup: 'hourly' } },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
});

async function manifests(environment: ClusterEnvironment, image: string): Promise<string> {
  const rendered = await kubectl(environment, ['kustomize', OVERLAY]);
  return rendered.replaceAll(OVERLAY_IMAGE, image);
}

/**
 * Installs Rebound from its manifests, with an image built from this folder, a destination in the local S3 and the tiers
 * that ship; returns once a labelled claim would get a decision that follows from a live probe. May be called again.
 *
 * @throws ClusterError when a step fails or takes too long.
 */
export async function installRebound(provider: ClusterProvider, report: Report = () => undefined): Promise<void> {
  const environment = await provider.environment();
  const image = await buildReboundImage(provider, report);
  await loadResticImage(provider, report);
  report('applying the manifests');
  // Whoever installed it before may have done it in another way.
  await kubectl(
    environment,
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    await manifests(environment, image),
  );
  // Tiers that Rebound makes by itself would let new claims wait for their first ten minutes.
  await kubectl(environment, ['apply', '--server-side', '--force-conflicts', '-k', TIERS]);
  await applyDestination(environment);
  report('waiting for the controller and the webhook');
  await waitUntilInstalled(environment);
}

/** Applies what a person writes after the installation: credentials, the master password, the destination. */
export async function applyDestination(environment: ClusterEnvironment): Promise<void> {
  const objects = { apiVersion: 'v1', kind: 'List', items: destinationObjects(environment.s3) };
  await kubectl(environment, ['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(objects));
}

/**
 * Waits until both roles run as their Deployments say, and a labelled claim would get a decision that follows from a live probe.
 *
 * @throws ClusterError when that takes too long.
 */
export async function waitUntilInstalled(environment: ClusterEnvironment): Promise<void> {
  for (const name of ['rebound-controller', 'rebound-webhook']) {
    await kubectl(environment, ['-n', 'rebound-system', 'rollout', 'status', `deployment/${name}`, '--timeout=180s']);
  }
  await waitUntilReady(environment);
}

async function waitUntilReady(environment: ClusterEnvironment): Promise<void> {
  await poll({ what: 'BackupDestination default to be ready', timeoutSeconds: 60, intervalMs: 500 }, async () => {
    const words = ['get', 'backupdestination', 'default', '-o', 'jsonpath={.status.reachable}'];
    return (await kubectl(environment, words)) === 'true';
  });
  await poll({ what: 'a labelled claim to be admitted', timeoutSeconds: 60, intervalMs: 500 }, async () => {
    const words = ['create', '--dry-run=server', '-o', 'jsonpath={.metadata.annotations}', '-f', '-'];
    return (await kubectl(environment, words, probeClaim)).includes('"rebound.dev/decision":"fresh"');
  });
}

/** Takes Rebound away, as `kubectl delete -k` does. Applications and their volumes stay. */
export async function uninstallRebound(provider: ClusterProvider): Promise<void> {
  const environment = await provider.environment();
  const rendered = await kubectl(environment, ['kustomize', OVERLAY]);
  await kubectl(environment, ['delete', '--ignore-not-found', '--wait', '-f', '-'], rendered);
}
