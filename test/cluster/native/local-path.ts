import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterFolders } from './layout.ts';
import { imageNames } from './node-images.ts';
import type { ProcessSpec } from './process-folder.ts';

/** It and its service account are in ../add-ons/storage-native.yaml. */
const namespace = 'local-path-storage';

const configPath = (folders: ClusterFolders): string => join(folders.root, 'local-path.json');
const helperPodPath = (folders: ClusterFolders): string => join(folders.root, 'local-path-helper.json');

export function writeLocalPathConfig(folders: ClusterFolders): void {
  mkdirSync(folders.localPath, { recursive: true });
  const nodePathMap = [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [folders.localPath] }];
  writeFileSync(configPath(folders), JSON.stringify({ nodePathMap }));
  const container = { name: 'helper-pod', image: imageNames.base, imagePullPolicy: 'IfNotPresent' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'helper-pod' }, spec: { containers: [container] } };
  writeFileSync(helperPodPath(folders), JSON.stringify(pod));
}

export function localPathSpec(folders: ClusterFolders, program: string): ProcessSpec {
  const flags = [
    `--kubeconfig=${folders.adminKubeconfig}`,
    `--config=${configPath(folders)}`,
    `--helper-pod-file=${helperPodPath(folders)}`,
    `--helper-image=${imageNames.base}`,
    `--namespace=${namespace}`,
  ];
  return { name: 'local-path', command: [program, 'start', ...flags] };
}
