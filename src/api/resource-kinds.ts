import { type BackupDestination, backupDestination } from './backup-destination.ts';
import { type BackupPolicy, backupPolicy } from './backup-policy.ts';
import { API_GROUP, API_VERSION } from './group.ts';
import { type ProtectedVolume, protectedVolume } from './protected-volume.ts';
import { type ReboundSettings, reboundSettings } from './rebound-settings.ts';
import { type VolumeRestore, volumeRestore } from './volume-restore.ts';
import type { ResourceKind } from '../kube/model/kind.ts';

const group = { group: API_GROUP, version: API_VERSION };

export const backupDestinations: ResourceKind<BackupDestination> = {
  ...group,
  plural: 'backupdestinations',
  kind: 'BackupDestination',
  namespaced: false,
  parse: (value) => backupDestination.parse(value),
};

export const backupPolicies: ResourceKind<BackupPolicy> = {
  ...group,
  plural: 'backuppolicies',
  kind: 'BackupPolicy',
  namespaced: false,
  parse: (value) => backupPolicy.parse(value),
};

export const protectedVolumes: ResourceKind<ProtectedVolume> = {
  ...group,
  plural: 'protectedvolumes',
  kind: 'ProtectedVolume',
  namespaced: true,
  parse: (value) => protectedVolume.parse(value),
};

export const volumeRestores: ResourceKind<VolumeRestore> = {
  ...group,
  plural: 'volumerestores',
  kind: 'VolumeRestore',
  namespaced: true,
  parse: (value) => volumeRestore.parse(value),
};

export const reboundSettingsKind: ResourceKind<ReboundSettings> = {
  ...group,
  plural: 'reboundsettings',
  kind: 'ReboundSettings',
  namespaced: false,
  parse: (value) => reboundSettings.parse(value),
};
