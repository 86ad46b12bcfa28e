import { afterAll, beforeAll, expect, it } from 'vitest';

import { repositoryPath } from '../../src/destinations/layout.ts';
import { nameForClaim } from '../../src/domain/object-names.ts';
import { replicationSources } from '../../src/engines/volsync/kinds.ts';
import { repositorySecretOf, sourceClaimOf } from '../../src/engines/volsync/replication-source.ts';
import { events, secrets } from '../../src/kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../src/api/resource-kinds.ts';
import { chooseProvider } from '../cluster/choose-provider.ts';
import type { ClusterProvider, Report } from '../cluster/provider.ts';
import { loadApplicationImage } from '../e2e/support/application-image.ts';
import { ClusterUnderTest } from '../e2e/support/cluster-under-test.ts';
import { DestinationContents } from '../e2e/support/destination-contents.ts';
import { requestBackup, untilCarriedOut, untilProtection } from '../e2e/support/protection.ts';
import { ResticRepository } from '../e2e/support/restic-repository.ts';
import { NAMESPACE_PREFIX, Workspace } from '../e2e/support/workspace.ts';
import { type Application, applicationsOf, deployApplication, lifeOfApplication, writeMore } from './applications.ts';
import { claimNames, nameOfFormerSchedule } from './claim-names.ts';
import { applyRelease, checkOutRelease, dropRelease, FIRST_RELEASE, presentRelease } from './release.ts';
import { ScheduleHistory } from './schedule-history.ts';

const NAMESPACE = `${NAMESPACE_PREFIX}upgrade`;
const claimCount = Number(process.env['REBOUND_UPGRADE_CLAIMS'] ?? claimNames.length);
/** The last one comes after the upgrade, with the name that the first release gave to another claim's schedule. */
const all = applicationsOf([...claimNames.slice(0, claimCount), nameOfFormerSchedule]);
const applications = all.slice(0, -1);

const report: Report = (message) => console.log(`${new Date().toISOString()}  ${message}`);

let provider: ClusterProvider;
let firstRelease: string;
beforeAll(async () => {
  provider = await chooseProvider();
  firstRelease = await checkOutRelease(FIRST_RELEASE);
});
afterAll(() => dropRelease(firstRelease));

/** Runs one after the other, for all: what goes on in the cluster at once is Rebound's matter. */
async function each<T>(all: readonly Application[], use: (application: Application) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const application of all) answers.push(await use(application));
  return answers;
}

async function newCluster(keepDestination: boolean, release: string): Promise<Workspace> {
  await provider.reset(report, { keepDestination });
  await loadApplicationImage(provider, report);
  await applyRelease(provider, release, report);
  const workspace = new Workspace(await ClusterUnderTest.connect(), NAMESPACE);
  await workspace.createNamespace();
  return workspace;
}

/** `<schedule> <its Secret>` for each claim, and which Secrets there are. */
async function engineObjects({ client, namespace }: Workspace) {
  const sources = await client.list(replicationSources, { namespace });
  const present = await client.list(secrets, { namespace });
  return {
    schedules: new Map(sources.map((source) => [sourceClaimOf(source), source.metadata.name])),
    scheduleCount: sources.length,
    secretsOfSchedules: sources.map((source) => repositorySecretOf(source) ?? '').sort(),
    secrets: present.map(({ metadata }) => metadata.name).sort(),
  };
}

const wasHeld = async ({ client, namespace }: Workspace): Promise<boolean> =>
  (await client.list(events, { namespace })).some(({ reason }) => reason === 'RestoreHeld');

it('invariants 1, 3 and 7: an upgrade from the first release keeps one schedule for each claim, and every backup', async () => {
  const old = await newCluster(false, firstRelease);
  const contents = new DestinationContents(old.cluster.environment.s3);
  await each(applications, (one) => deployApplication(old, one));
  await each(applications, (one) => lifeOfApplication(old, one));
  const before = await each(applications, async ({ claim }) => {
    const { status } = await untilProtection(old, claim, 'Protected');
    return status?.lastBackup?.id ?? '';
  });
  report('all claims are protected by the first release');

  const history = new ScheduleHistory(old);
  await applyRelease(provider, presentRelease, report);
  report('upgraded');
  await each(all.slice(applications.length), (one) => deployApplication(old, one));
  const names = new Map(all.map(({ claim }) => [claim, nameForClaim(claim)]));
  await old.eventually(
    'every claim to have its schedule under its present name, and nothing else',
    async () => {
      const found = await engineObjects(old);
      return (
        found.scheduleCount === names.size &&
        [...names].every(([claim, name]) => found.schedules.get(claim) === name) &&
        found.secrets.join() === found.secretsOfSchedules.join() &&
        !found.secrets.some((name) => [...names.values()].includes(name))
      );
    },
    600_000,
  );
  await each(all, ({ claim }) => untilProtection(old, claim, 'Protected'));
  for (const [index, { claim }] of applications.entries()) {
    const ids = (await contents.ledger(old, claim)).history?.map(({ snapshotId }) => snapshotId);
    expect(ids, `the ledger of ${claim}`).toContain(before[index]);
  }

  report('every claim has its schedule');
  const checksums = await each(all, (one) => writeMore(old, one));
  const requests = await each(all, ({ claim }) => requestBackup(old, claim));
  for (const [index, { claim }] of all.entries()) await untilCarriedOut(old, claim, requests[index] ?? '');
  await each(all, async ({ claim }) => {
    const { status } = await untilProtection(old, claim, 'Protected');
    const good = (await contents.ledger(old, claim)).lastGoodBackup;
    expect(good?.snapshotId, `the ledger of ${claim}`).toBe(status?.lastBackup?.id);
    expect(before, `the backup of ${claim}`).not.toContain(good?.snapshotId);
    expect(await contents.snapshotIds(old, claim)).toContain(good?.snapshotId);
    const checked = await (await ResticRepository.of(old, claim)).attempt(['check', '--read-data']);
    expect(checked, `the repository of ${claim}`).toMatchObject({ exitCode: 0 });
    expect(await contents.keys(`${repositoryPath({ namespace: NAMESPACE, claim })}/keys/`)).toHaveLength(1);
  });
  report('every claim has a good backup of the new release');
  await history.stop();
  expect(history.claimsWithTwo).toEqual([]);
  expect(await wasHeld(old)).toBe(false);
  await old.cluster.close();

  const rebuilt = await newCluster(true, presentRelease);
  await each(all, (one) => deployApplication(rebuilt, one));
  const lives = await each(all, (one) => lifeOfApplication(rebuilt, one));
  expect(lives).toEqual(checksums.map((checksum) => ({ origin: 'filled', checksum })));
  expect(await rebuilt.client.list(protectedVolumes, { namespace: NAMESPACE })).toHaveLength(all.length);
  contents.close();
  await rebuilt.cluster.close();
});
