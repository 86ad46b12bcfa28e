import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { run } from '../cluster/command.ts';
import type { ClusterProvider, Report } from '../cluster/provider.ts';
import { buildReboundImage, projectFolder } from '../install/build.ts';
import { applyDestination, waitUntilInstalled } from '../install/install.ts';
import { kubectl } from '../install/kubectl.ts';

/** The last release before schedules and their Secrets got the names that they have now. */
export const FIRST_RELEASE = '01eded0211cff0d1952cb8ca662943a2dc1a6b1d';

/** This folder, as it is now. */
export const presentRelease = projectFolder;

/**
 * Checks a release out into a folder of its own, and builds it there with its own script and the packages that it asks for.
 *
 * @returns the folder, for {@link dropRelease}.
 * @throws ClusterError when the commit is not in this clone's history, or can't be built.
 */
export async function checkOutRelease(commit: string): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'rebound-release-')), 'rebound');
  await run(['git', 'worktree', 'add', '--detach', folder, commit], { cwd: projectFolder });
  await run(['npm', 'run', 'build'], { cwd: folder, timeoutSeconds: 600 });
  return folder;
}

/** Removes the folder of a release. */
export async function dropRelease(folder: string): Promise<void> {
  await rm(dirname(folder), { recursive: true, force: true });
  await run(['git', 'worktree', 'prune'], { cwd: projectFolder });
}

/**
 * Installs the release in a folder, or upgrades to it, as an operator does who keeps the image's name in a kustomization:
 * `kubectl apply -k`. Returns once a labelled claim would be decided on.
 *
 * @throws ClusterError when a step fails or takes too long.
 */
export async function applyRelease(provider: ClusterProvider, folder: string, report: Report): Promise<void> {
  const environment = await provider.environment();
  const image = await buildReboundImage(provider, report, folder);
  report(`applying the manifests of ${image}`);
  const kustomization = await writeKustomization(join(folder, 'manifests', 'all'), image);
  try {
    await kubectl(environment, ['apply', '-k', kustomization]);
  } finally {
    await rm(kustomization, { recursive: true });
  }
  await kubectl(environment, ['apply', '-k', join(folder, 'manifests', 'tiers')]);
  await applyDestination(environment);
  await waitUntilInstalled(environment);
}

async function writeKustomization(manifests: string, image: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rebound-kustomization-'));
  const [newName, newTag] = image.split(/:(?=[^:]*$)/);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    // Kustomize takes no absolute paths.
    resources: [relative(folder, manifests)],
    images: [{ name: 'rebound', newName, newTag }],
  };
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
}
