import { readFileSync } from 'node:fs';

import { run, tryRun } from '../command.ts';

/** Mount points at or below a folder in the text of /proc/self/mountinfo (proc(5)), the last mounted first. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

export function currentMountsBelow(folder: string): string[] {
  return mountsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), folder);
}

/**
 * Unmounts everything below a folder; a mount that is busy is detached, and goes when its last user does.
 * @throws ClusterError when even that fails: nothing may be deleted then, for a volume's data could be deleted through the mount.
 */
export async function unmountBelow(folder: string): Promise<void> {
  for (const path of currentMountsBelow(folder)) {
    // A driver that was killed while it copied an image has left its file system frozen; others refuse to be thawed.
    await tryRun(['fsfreeze', '--unfreeze', path]);
    const result = await tryRun(['umount', path]);
    if (result.exitCode !== 0) await run(['umount', '--lazy', path]);
  }
}
