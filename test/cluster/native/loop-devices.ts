import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../command.ts';

const blockDevices = '/sys/block';

/** Loop devices whose file is below a folder (Documentation/ABI/testing/sysfs-block-loop), deleted ones too. */
export function loopsBelow(folder: string): string[] {
  if (!existsSync(blockDevices)) return [];
  return readdirSync(blockDevices)
    .filter((name) => {
      const file = join(blockDevices, name, 'loop', 'backing_file');
      return existsSync(file) && readFileSync(file, 'utf8').startsWith(`${folder}/`);
    })
    .map((name) => `/dev/${name}`);
}

/** Lets go of the devices of volumes; whatever is mounted from them must be unmounted before. */
export async function detachLoopsBelow(folder: string): Promise<void> {
  for (const device of loopsBelow(folder)) await run(['losetup', '--detach', device]);
}
