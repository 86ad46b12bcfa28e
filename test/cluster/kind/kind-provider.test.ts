import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RunOptions, RunResult } from '../command.ts';
import type { KindMachine } from './kind-provider.ts';
import { KindProvider } from './kind-provider.ts';

const answer = (stdout: string, exitCode = 0): RunResult => ({ exitCode, stdout, stderr: '' });

/** A Docker engine that knows containers by name and state, and notes what it was asked to do. */
class FakeEngine {
  readonly containers = new Map<string, string>();
  readonly volumes = new Set<string>();
  readonly asked: { readonly line: string; readonly options: RunOptions }[] = [];

  run = async (command: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    this.asked.push({ line: command.join(' '), options });
    const [program = '', verb = '', ...rest] = command;
    if (program.endsWith('/kind')) return this.#kind(verb);
    if (program !== 'docker') return answer('/usr/bin/kubectl\n');
    return this.#docker[verb]?.(command.at(-1) ?? '', rest) ?? answer('');
  };

  readonly #docker: Record<string, ((last: string, rest: readonly string[]) => RunResult | undefined) | undefined> = {
    inspect: (last) => (this.containers.has(last) ? answer(`${this.containers.get(last) ?? ''}\n`) : answer('', 1)),
    network: () => answer('fc00::1 172.18.0.1 \n'),
    run: (_last, rest) => {
      this.containers.set(rest[rest.indexOf('--name') + 1] ?? '', 'running');
      this.volumes.add('rebound-s3');
      return undefined;
    },
    start: (last) => void this.containers.set(last, 'running'),
    stop: (last) => void this.containers.set(last, 'exited'),
    kill: (last) => void this.containers.set(last, 'exited'),
    rm: (last) => void this.containers.delete(last),
    volume: (last) => void this.volumes.delete(last),
  };

  #kind(verb: string): RunResult {
    if (verb === 'create') this.containers.set('rebound-control-plane', 'running');
    if (verb === 'delete') this.containers.delete('rebound-control-plane');
    return answer('');
  }

  lines(part: string): string[] {
    return this.asked.map(({ line }) => line).filter((line) => line.includes(part));
  }
}

let folder: string;
let engine: FakeEngine;
let provider: KindProvider;
const silent = (): void => undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kind-provider-'));
  engine = new FakeEngine();
  const program = async (name: string): Promise<string> => {
    const path = join(folder, 'programs', name);
    mkdirSync(join(folder, 'programs'), { recursive: true });
    writeFileSync(path, name);
    return path;
  };
  const moduleSource = async (): Promise<string> => {
    mkdirSync(join(folder, 'source', 'mover-restic'), { recursive: true });
    writeFileSync(join(folder, 'source', 'mover-restic', 'entry.sh'), '#!/bin/bash\n');
    return join(folder, 'source');
  };
  const addOns = async () => ({ crds: 'crds', objects: 'objects', hash: 'hash' });
  const machine: KindMachine = {
    run: engine.run,
    program,
    moduleSource,
    addOns,
    ensureBucket: async () => true,
    stateFolder: join(folder, 'state'),
  };
  provider = new KindProvider(machine);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('KindProvider', () => {
  it('creates a cluster, loads its images, applies the add-ons and runs S3 at the gateway', async () => {
    await provider.up(silent);
    expect((await provider.status()).state).toBe('up');
    expect(engine.lines('kind create cluster --name rebound')).toHaveLength(1);
    expect(engine.lines('kind load docker-image')).toEqual([
      expect.stringContaining('localhost/rebound-cluster-tools:1 --name rebound'),
      expect.stringContaining('localhost/volsync:0.14.0 --name rebound'),
      expect.stringContaining('localhost/rebound-base:bookworm --name rebound'),
    ]);
    expect(engine.asked.map(({ options }) => options.input)).toEqual(expect.arrayContaining(['crds', 'objects']));
    expect(engine.lines('docker run')).toEqual([expect.stringContaining('--publish 172.18.0.1:9000:9000')]);
  });

  it('does not put the S3 keys on a command line', async () => {
    await provider.up(silent);
    const keys = readFileSync(join(folder, 'state', 'credentials.json'), 'utf8');
    const secret = /"secretAccessKey":"(\w+)"/.exec(keys)?.[1] ?? 'missing';
    expect(engine.lines(secret)).toEqual([]);
    const started = engine.asked.find(({ line }) => line.startsWith('docker run'));
    expect(started?.options.env?.['ROOT_SECRET_KEY']).toBe(secret);
  });

  it('a second up makes nothing new', async () => {
    await provider.up(silent);
    engine.asked.length = 0;
    await provider.up(silent);
    expect(
      ['create cluster', 'docker run', 'load docker-image', 'docker build'].flatMap((part) => engine.lines(part)),
    ).toEqual([]);
  });

  it('heals stopped containers', async () => {
    await provider.up(silent);
    engine.containers.set('rebound-control-plane', 'exited').set('rebound-s3', 'exited');
    expect((await provider.status()).state).toBe('down');
    await provider.up(silent);
    expect((await provider.status()).state).toBe('up');
    expect(engine.lines('create cluster')).toHaveLength(1);
  });

  it('reset keeps the destination only when asked to', async () => {
    await provider.up(silent);
    await provider.reset(silent, { keepDestination: true });
    expect(engine.lines('volume rm')).toEqual([]);
    expect(engine.lines('create cluster')).toHaveLength(2);
    await provider.reset(silent);
    expect(engine.lines('volume rm')).toHaveLength(1);
    expect((await provider.status()).state).toBe('up');
  });

  it('down stops, down with deletion removes', async () => {
    await provider.up(silent);
    await provider.down(silent);
    expect([...engine.containers.values()]).toEqual(['exited', 'exited']);
    await provider.down(silent, { deleteData: true });
    expect([...engine.containers.keys()]).toEqual([]);
    expect([...engine.volumes]).toEqual([]);
  });

  it('leaves the Dockerfile its own base image', async () => {
    await provider.buildImage(
      { tag: 'localhost/rebound:dev', contextFolder: '/src', dockerfile: '/src/Dockerfile' },
      silent,
    );
    expect(engine.lines('docker build')).toEqual([
      'docker build --tag localhost/rebound:dev --file /src/Dockerfile /src',
    ]);
    expect(engine.lines('load docker-image localhost/rebound:dev')).toHaveLength(1);
  });

  it('kills the API server in the node', async () => {
    await provider.restartApiServer();
    expect(engine.lines('docker exec')).toEqual(['docker exec rebound-control-plane pkill -KILL -x kube-apiserver']);
  });

  it("ages an object's file beside the node", async () => {
    await provider.ageObject('shop/db/locks/0', 7200);
    expect(engine.lines('docker exec')).toEqual([
      'docker exec rebound-s3 touch --date -7200 seconds /s3/data/rebound/shop/db/locks/0',
    ]);
  });

  it('says what to do when there is no cluster', async () => {
    await expect(provider.environment()).rejects.toThrow('npm run cluster -- up');
  });
});
