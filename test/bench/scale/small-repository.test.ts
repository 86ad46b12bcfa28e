import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { IDENTITY_KEY } from '../../../src/destinations/layout.ts';
import { createMemoryStore } from '#doubles/destinations/memory-store.ts';
import { createStoredDestination } from '../../../src/destinations/stored-destination.ts';
import { readRepository } from '../../../src/repositories/restic/read-repository.ts';
import { createRepositoryCache } from '../../../src/repositories/restic/repository-cache.ts';
import { writeRepository, writeRepositoryBase } from './small-repository.ts';

const folder = mkdtempSync(join(tmpdir(), 'rebound-bench-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('writes what the product reads as a repository with one snapshot', async () => {
  const base = writeRepositoryBase(join(folder, 'base'), 'password');
  const id = writeRepository(base, join(folder, 'shop', 'db'), '2026-01-05T06:07:08Z');

  const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
  const store = createMemoryStore();
  store.objects.set(IDENTITY_KEY, encodeIdentity(identity));
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })) {
    if (!path.isFile()) continue;
    const key = join(path.parentPath, path.name).slice(folder.length + 1);
    store.objects.set(key, readFileSync(join(folder, key)));
  }
  const destination = createStoredDestination(store, { expectedIdentity: identity.id });
  const options = { timeoutMilliseconds: 10_000, cache: createRepositoryCache() };
  expect(await readRepository(destination, 'shop/db', 'password', options)).toMatchObject({
    kind: 'read',
    damaged: [],
    snapshots: [
      { id, time: '2026-01-05T06:07:08Z', summary: { files: 1_002, directories: 12, sizeBytes: 274_726_912 } },
    ],
  });
});
