import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterFolders } from './layout.ts';
import { imageNames } from './node-images.ts';

const podPath = (folders: ClusterFolders): string => join(folders.root, 'recycler-pod.json');

/** The pod that empties a hostPath volume with the reclaim policy Recycle; the built-in one's image would have to be pulled. */
export function writeRecyclerPod(folders: ClusterFolders): void {
  const container = {
    name: 'recycler',
    image: imageNames.base,
    command: ['sh', '-euc', 'find /scrub -mindepth 1 -delete'],
    volumeMounts: [{ name: 'volume', mountPath: '/scrub' }],
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'recycler-', namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: 60,
      containers: [container],
      // The controller manager puts the volume's own path in.
      volumes: [{ name: 'volume', hostPath: { path: '/nonexistent' } }],
    },
  };
  writeFileSync(podPath(folders), JSON.stringify(pod));
}

/** For the controller manager. */
export const recyclerFlags = (folders: ClusterFolders): readonly string[] => [
  `--pv-recycler-pod-template-filepath-hostpath=${podPath(folders)}`,
];
