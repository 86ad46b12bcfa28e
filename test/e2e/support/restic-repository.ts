import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { repositoryPassword } from '../../../src/domain/repository-password.ts';
import { claimRecordKey, repositoryPath } from '../../../src/destinations/layout.ts';
import { locksPrefix } from '../../../src/destinations/lock-file.ts';
import { resticEnvironment, resticRepositoryUrl } from '../../../src/destinations/s3/restic-repository.ts';
import { sealLock } from '#doubles/destinations/seal.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations } from '../../../src/api/resource-kinds.ts';
import { run, tryRun, type RunResult } from '../../cluster/command.ts';
import type { S3Location } from '../../cluster/provider.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { DestinationContents } from './destination-contents.ts';
import { checksumScript, fillScript } from './volume-contents.ts';
import type { Workspace } from './workspace.ts';

/** The password that all repository passwords are derived from. */
export async function masterPassword(cluster: ClusterUnderTest): Promise<string> {
  const destination = await cluster.client.get(backupDestinations, { name: 'default' });
  const name = destination?.spec.repositoryPasswordSecretName ?? '';
  const secret = await cluster.client.get(secrets, { namespace: SYSTEM_NAMESPACE, name });
  return Buffer.from(secret?.data?.['masterPassword'] ?? '', 'base64').toString('utf8');
}

const snapshotList = z.array(
  z.object({
    id: z.string(),
    time: z.string(),
    summary: z.object({ total_files_processed: z.int(), total_bytes_processed: z.int(), dirs_new: z.int() }),
  }),
);
const masterKey = z.object({ mac: z.object({ k: z.base64(), r: z.base64() }), encrypt: z.base64() });
const backupSummary = z.object({ message_type: z.literal('summary'), snapshot_id: z.string() });

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

interface LedgerPlace {
  readonly s3: S3Location;
  readonly prefix: string;
  readonly namespace: string;
  readonly claim: string;
}

/** A claim's repository, used by hand with restic. */
export class ResticRepository {
  readonly #program: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #ledger: LedgerPlace;

  private constructor(program: string, environment: Readonly<Record<string, string>>, ledger: LedgerPlace) {
    this.#program = program;
    this.#environment = environment;
    this.#ledger = ledger;
  }

  /** @param prefix of the destination in the bucket. */
  static async of(workspace: Workspace, claim: string, prefix = ''): Promise<ResticRepository> {
    const { namespace, cluster } = workspace;
    const { s3, binFolder } = cluster.environment;
    const environment = {
      TZ: 'UTC',
      ...resticEnvironment(s3),
      RESTIC_REPOSITORY: resticRepositoryUrl({ ...s3, prefix }, repositoryPath({ namespace, claim })),
      RESTIC_PASSWORD: await ResticRepository.passwordOf(cluster, namespace),
    };
    return new ResticRepository(join(binFolder, 'restic'), environment, { s3, prefix, namespace, claim });
  }

  /** The password of all repositories of a namespace. */
  static async passwordOf(cluster: ClusterUnderTest, namespace: string): Promise<string> {
    return repositoryPassword(await masterPassword(cluster), namespace);
  }

  /** The same repository, opened with another password. */
  withPassword(password: string): ResticRepository {
    return new ResticRepository(this.#program, { ...this.#environment, RESTIC_PASSWORD: password }, this.#ledger);
  }

  async init(): Promise<void> {
    await this.#run(['init']);
  }

  async snapshots(): Promise<readonly { readonly id: string; readonly time: string }[]> {
    return snapshotList.parse(JSON.parse(await this.#run(['snapshots', '--json'])));
  }

  /** Paths of all that a snapshot holds. */
  async files(snapshotId: string): Promise<readonly string[]> {
    return (await this.#run(['ls', '--no-lock', snapshotId])).split('\n');
  }

  /** A lock of this repository, as another process would have written it. */
  async sealLock(ageSeconds: number, exclusive: boolean) {
    const { mac, encrypt } = masterKey.parse(JSON.parse(await this.#run(['cat', 'masterkey', '--no-lock'])));
    const key = { encrypt: bytesOf(encrypt), macK: bytesOf(mac.k), macR: bytesOf(mac.r) };
    return sealLock(key, { timeMilliseconds: Date.now() - ageSeconds * 1000, exclusive });
  }

  /** Runs restic, whatever comes of it. */
  attempt(args: readonly string[]): Promise<RunResult> {
    return tryRun([this.#program, '--no-cache', ...args], { env: this.#environment, timeoutSeconds: 120 });
  }

  /**
   * Backs up new random data as VolSync's mover would, into a repository that exists; the ledger then calls all that there
   * is good, as the controller of an earlier cluster would have left it.
   * @returns the snapshot and the checksum of what it holds.
   */
  async backUpNewData(options: SeedOptions = {}): Promise<SeededBackup> {
    const scratch = await mkdtemp(join(tmpdir(), 'rebound-e2e-'));
    // VolSync's mover picks out snapshots whose path ends so (mover-restic/entry.sh, v0.14).
    const folder = join(scratch, 'data');
    try {
      await mkdir(folder);
      const chown = options.owner === undefined ? '' : `chown -hR ${options.owner}:${options.owner} .`;
      await run(['bash', '-c', `set -eu; ${fillScript(options.files ?? 20)}; ${chown}`], { cwd: folder });
      const checksum = (await run(['bash', '-c', checksumScript], { cwd: folder })).trim();
      const time = options.time === undefined ? [] : ['--time', options.time];
      const printed = await this.#run(['backup', '--json', '--host', 'volsync', ...time, '.'], folder);
      const summary = backupSummary.parse(JSON.parse(printed.trimEnd().split('\n').at(-1) ?? ''));
      await this.#recordInLedger();
      return { snapshotId: summary.snapshot_id, checksum };
    } finally {
      await rm(scratch, { recursive: true });
    }
  }

  async #recordInLedger(): Promise<void> {
    const { s3, prefix, namespace, claim } = this.#ledger;
    const listed = snapshotList.parse(JSON.parse(await this.#run(['snapshots', '--json'])));
    const backups = listed
      .toSorted((one, other) => Date.parse(other.time) - Date.parse(one.time))
      .map(({ id, time, summary }) => ({
        snapshotId: id,
        time,
        files: summary.total_files_processed,
        directories: summary.dirs_new,
        sizeBytes: summary.total_bytes_processed,
      }));
    const recordedAt = new Date().toISOString();
    const record = { version: 1, namespace, claim, claimUid: 'earlier', policy: 'hourly', recordedAt };
    const contents = new DestinationContents(s3);
    try {
      const key = `${prefix === '' ? '' : `${prefix}/`}${claimRecordKey({ namespace, claim })}`;
      await contents.put(key, JSON.stringify({ ...record, lastGoodBackup: backups[0], history: backups.slice(0, 10) }));
    } finally {
      contents.close();
    }
  }

  #run(args: readonly string[], cwd = tmpdir()): Promise<string> {
    const command = [this.#program, '--no-cache', '--quiet', ...args];
    return run(command, { env: this.#environment, timeoutSeconds: 120, cwd });
  }
}

export interface SeedOptions {
  /** 20 if not given. */
  readonly files?: number;
  /** `YYYY-MM-DD hh:mm:ss`, UTC; now if not given. */
  readonly time?: string;
  /** User and group that the files belong to, which takes root; whoever runs the tests if not given. */
  readonly owner?: number;
}

export interface SeededBackup {
  readonly snapshotId: string;
  /** Of {@link checksumScript}. */
  readonly checksum: string;
}

/** Puts a backup into the destination as if the claim had been backed up by an earlier cluster. */
export async function seedBackup(
  workspace: Workspace,
  claim: string,
  options: SeedOptions & { readonly prefix?: string } = {},
): Promise<SeededBackup> {
  const repository = await ResticRepository.of(workspace, claim, options.prefix);
  await repository.init();
  return repository.backUpNewData(options);
}

/**
 * Locks a claim's repository as a process does that died so long ago, or that lives on if it was just now.
 * @returns the key of the lock.
 */
export async function lockRepository(
  workspace: Workspace,
  contents: DestinationContents,
  claim: string,
  lock: { readonly ageSeconds: number; readonly exclusive: boolean },
): Promise<string> {
  const { namespace, cluster } = workspace;
  const repository = await ResticRepository.of(workspace, claim);
  const { name, bytes } = await repository.sealLock(lock.ageSeconds, lock.exclusive);
  const key = locksPrefix(repositoryPath({ namespace, claim })) + name;
  await contents.put(key, bytes);
  if (lock.ageSeconds > 0) await cluster.provider.ageObject(key, lock.ageSeconds);
  return key;
}
