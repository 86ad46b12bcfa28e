import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { run } from '../command.ts';
import { packLayer } from './layer.ts';
import { writeOciArchive } from './oci-archive.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oci-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('an archive unpacks with tar, and every blob has the digest that is its name', async () => {
  mkdirSync(join(folder, 'root', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'root', 'bin', 'tool'), 'x'.repeat(100_000));
  const layer = await packLayer(join(folder, 'root'), join(folder, 'layer.tar'));
  const archive = join(folder, 'images.tar');
  await writeOciArchive(archive, [
    { name: 'localhost/a:1', layers: [layer], command: ['/bin/tool'] },
    { name: 'localhost/b:1', layers: [layer], entrypoint: ['/bin/tool'] },
  ]);
  mkdirSync(join(folder, 'out'));
  await run(['tar', '--extract', '--file', archive, '--directory', join(folder, 'out')]);
  const names = (await run(['tar', '--list', '--file', archive])).trim().split('\n');
  const blobs = names.filter((name) => name.startsWith('blobs/sha256/'));
  expect(blobs).toHaveLength(5);
  for (const name of blobs) {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, 'out', name)))
      .digest('hex');
    expect(name).toBe(`blobs/sha256/${digest}`);
  }
  expect(readFileSync(join(folder, 'out', 'index.json'), 'utf8')).toContain(
    '"io.containerd.image.name":"localhost/b:1"',
  );
});
