import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { withLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('withLock', () => {
  it('lets one work at a time, and leaves no lock', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, { timeoutSeconds: 10 }, work)));
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('takes over the lock of a process that died', async () => {
    writeFileSync(path, JSON.stringify({ pid: 1, startTicks: 'never', bootId: 'another boot' }));
    expect(await withLock(path, { timeoutSeconds: 5 }, async () => 'done')).toBe('done');
  });

  it('names the holder when it takes too long', async () => {
    const held = withLock(path, { timeoutSeconds: 1 }, async () => {
      await expect(withLock(path, { timeoutSeconds: 0.2 }, async () => 0)).rejects.toThrow(
        `process ${process.pid} holds`,
      );
    });
    await held;
  });

  it('gives the lock back when the work fails', async () => {
    const failing = withLock(path, { timeoutSeconds: 1 }, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(existsSync(path)).toBe(false);
  });
});
