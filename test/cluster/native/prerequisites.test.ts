import { createServer } from 'node:net';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { freePorts } from './free-ports.ts';
import { requireDisk, requirePorts, requireRoot } from './prerequisites.ts';

afterEach(() => vi.restoreAllMocks());

describe('prerequisites', () => {
  it('without root: one line that says what to do', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    expect(() => requireRoot()).toThrow(/needs root .* run this as root, or start a Docker engine/);
  });

  it('disk full: names the folder, what there is and what is needed', () => {
    const needs = [{ folder: '/var/lib/x', gib: 2 }];
    expect(() => requireDisk(needs, () => 1024 ** 3)).toThrow('/var/lib/x has 1.0 GiB free and 2 GiB are needed');
    expect(() => requireDisk(needs, () => 3 * 1024 ** 3)).not.toThrow();
  });

  it('port taken: names the port, its user and how to find the other program', async () => {
    const [port = 0] = await freePorts(1);
    const use = { component: 'etcd', address: '127.0.0.1', port };
    await requirePorts([use]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await expect(requirePorts([use])).rejects.toThrow(`port ${port} on 127.0.0.1, which etcd needs, is taken`);
    await new Promise((resolve) => server.close(resolve));
  });
});
