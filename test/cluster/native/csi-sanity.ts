import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildProgram } from './go-programs.ts';
import { unmountBelow } from './mounts.ts';
import { csiDriverName } from './node-specs.ts';
import { requireRoot } from './prerequisites.ts';
import { ProcessFolder } from './process-folder.ts';
import { poll } from '../poll.ts';
import type { Report } from '../provider.ts';

async function startDriver(processes: ProcessFolder, program: string): Promise<string> {
  const kubelet = join(processes.path, 'kubelet');
  const flags = [`--kubelet-dir=${kubelet}`, `--data-dir=${join(processes.path, 'data')}`, '--node-name=sanity'];
  await processes.ensure({ name: 'driver', command: [program, ...flags] });
  const socket = join(kubelet, 'plugins', csiDriverName, 'csi.sock');
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
 * Checks the cluster's CSI driver against the CSI specification with csi-sanity, in a folder of its own, beside any
 * running cluster. Needs root, for it mounts.
 * @returns csi-sanity's exit code.
 */
export async function checkCsiDriver(report: Report): Promise<number> {
  requireRoot();
  const driver = await buildProgram('csi-hostdir', report);
  const sanity = await buildProgram('csi-sanity', report);
  const folder = mkdtempSync(join(tmpdir(), 'rebound-csi-sanity-'));
  const processes = new ProcessFolder(folder, { diesWithParent: true });
  try {
    return await check(sanity, await startDriver(processes, driver), folder);
  } finally {
    await processes.stop('driver');
    await unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}
