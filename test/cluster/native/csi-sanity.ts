import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CsiDriver } from './csi-drivers.ts';
import { csiDrivers } from './csi-drivers.ts';
import { buildProgram } from './go-programs.ts';
import { detachLoopsBelow } from './loop-devices.ts';
import { unmountBelow } from './mounts.ts';
import { requireRoot } from './prerequisites.ts';
import { ProcessFolder } from './process-folder.ts';
import { poll } from '../poll.ts';
import type { Report } from '../provider.ts';

async function startDriver(processes: ProcessFolder, program: string, driver: CsiDriver): Promise<string> {
  const kubelet = join(processes.path, 'kubelet');
  const flags = [
    `--driver-name=${driver.driverName}`,
    `--medium=${driver.medium}`,
    `--kubelet-dir=${kubelet}`,
    `--data-dir=${join(processes.path, 'data')}`,
    '--node-name=sanity',
  ];
  await processes.ensure({ name: 'driver', command: [program, ...flags] });
  const socket = join(kubelet, 'plugins', driver.driverName, 'csi.sock');
  await poll({ what: 'the driver', timeoutSeconds: 10 }, async () => existsSync(socket));
  return socket;
}

function check(program: string, socket: string, folder: string): Promise<number> {
  const flags = [
    `--csi.endpoint=unix://${socket}`,
    `--csi.mountdir=${join(folder, 'mount')}`,
    `--csi.stagingdir=${join(folder, 'staging')}`,
  ];
  const child = spawn(program, [...flags, '--ginkgo.no-color'], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}

/**
 * Checks the cluster's CSI driver, with folders and with images, against the CSI specification with csi-sanity, in a folder of
 * its own, beside any running cluster. Needs root, for it mounts.
 * @returns csi-sanity's exit code.
 */
export async function checkCsiDriver(report: Report): Promise<number> {
  requireRoot();
  const driver = await buildProgram('csi-hostdir', report);
  const sanity = await buildProgram('csi-sanity', report);
  for (const each of [csiDrivers.hostdir, csiDrivers.ext4]) {
    report(`checking ${each.driverName}`);
    const exitCode = await checkOne(sanity, driver, each);
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

async function checkOne(sanity: string, program: string, driver: CsiDriver): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rebound-csi-sanity-'));
  const processes = new ProcessFolder(folder, { diesWithParent: true });
  try {
    return await check(sanity, await startDriver(processes, program, driver), folder);
  } finally {
    await processes.stop('driver');
    await unmountBelow(folder);
    await detachLoopsBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}
