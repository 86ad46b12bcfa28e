import type { ChildProcess } from 'node:child_process';

/** Kills the child when this process exits; a child that ended before is forgotten. */
export function dieTogether(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}
