import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { CsiDriverKey } from '../../cluster/native/csi-drivers.ts';
import { clusterFolders } from '../../cluster/native/layout.ts';

const record = z.object({ sourceId: z.string().default('') });

/** A volume or a snapshot, as a CSI driver of the native cluster remembers it (../../cluster/native/go/csi-hostdir/store.go). */
export interface DriverRecord {
  /** The handle by which Kubernetes knows it. */
  readonly id: string;
  /** Of a snapshot: its volume. */
  readonly sourceId: string;
}

/** All volumes, or all snapshots, that a driver has. */
export async function driverRecords(
  driver: CsiDriverKey,
  what: 'volumes' | 'snapshots',
): Promise<readonly DriverRecord[]> {
  const { csiData } = clusterFolders();
  const folder = join(driver === 'hostdir' ? csiData : join(csiData, driver), what, 'records');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  const found = files.map(async (file) => {
    // One that is removed meanwhile is not there.
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    return text === undefined ? [] : [{ id: file.slice(0, -'.json'.length), ...record.parse(JSON.parse(text)) }];
  });
  return (await Promise.all(found)).flat();
}
