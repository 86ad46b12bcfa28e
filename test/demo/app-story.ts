import { relative } from 'node:path';

import { BACKUP_NOW_ANNOTATION, DECISION_ANNOTATION, DECISION_REASON_ANNOTATION } from '../../src/api/labels.ts';
import type { SnapshotReference } from '../../src/api/snapshot.ts';
import { persistentVolumeClaims } from '../../src/kube/model/built-in-kinds.ts';
import { messageOf } from '../cluster/cluster-error.ts';
import { projectFolder } from '../install/build.ts';
import type { DemoApplication } from './application.ts';
import { manifestPath } from './application.ts';
import {
  backupThatHolds,
  clockTime,
  describeSnapshot,
  newClaimUID,
  nextBackup,
  provenSnapshot,
} from './claim-status.ts';
import type { ClusterView } from './cluster-view.ts';
import { DemoError } from './demo-error.ts';
import { differences, type Evidence } from './evidence.ts';
import type { Timeline } from './timeline.ts';

/** Where the story is played, and where it is told. */
export interface Stage {
  readonly view: ClusterView;
  readonly timeline: Timeline;
}

/** An application's data in one of its lives. */
export interface Life {
  readonly claimUID: string;
  readonly evidence: Evidence;
  /** From `kubectl apply` to ready. */
  readonly readyMs: number;
}

/** What was there before anything was lost. */
interface FirstLife extends Life {
  readonly backup: SnapshotReference;
}

const readySeconds = 180;
const proofSeconds = 60;
const backupSeconds = 180;

/** One application through the demo: it begins, is lost, comes back, is lost again, comes back again. */
export class AppStory {
  readonly app: DemoApplication;
  readonly #first: FirstLife;
  readonly #lives: Life[];

  private constructor(app: DemoApplication, first: FirstLife) {
    this.app = app;
    this.#first = first;
    this.#lives = [first];
  }

  /** Deploys the application, fills it with data and has it backed up. */
  static async begin(stage: Stage, app: DemoApplication): Promise<AppStory> {
    const { timeline, view } = stage;
    const deployed = await deploy(stage, app, []);
    const fill = (): Promise<string> => app.fill(view.kubectl);
    await timeline.step(`${app.title}: data goes in`, fill, (what) => `${app.title}: holds ${what}`);
    const evidence = await measure(stage, app);
    return new AppStory(app, { ...deployed, evidence, backup: await backUp(stage, app) });
  }

  /** Its lives, first to last. */
  get lives(): readonly Life[] {
    return this.#lives;
  }

  /**
   * Deploys the application once more, from the same manifest, and looks at what it holds.
   * @throws DemoError when anything differs from what was lost.
   */
  async bringBack(stage: Stage): Promise<void> {
    const { app } = this;
    const lostClaimUIDs = this.#lives.map(({ claimUID }) => claimUID);
    const deployed = await deploy(stage, app, lostClaimUIDs);
    const snapshot = await this.#proof(stage, lostClaimUIDs);
    const evidence = await measure(stage, app);
    const changes = differences(this.#first.evidence, evidence);
    if (changes.length > 0) throw new DemoError(`${app.title} came back with other data: ${changes.join('; ')}`);
    this.#lives.push({ ...deployed, evidence });
    const origin = `they come from snapshot ${describeSnapshot(snapshot)}`;
    stage.timeline.note(`${app.title}: all are as they were; ${origin}`);
  }

  /** The snapshot that the claim was restored from: the data may be right for another reason. */
  async #proof({ view }: Stage, lostClaimUIDs: readonly string[]): Promise<SnapshotReference> {
    const { app } = this;
    const wanted = { what: 'the proof of a restore', timeoutSeconds: proofSeconds };
    const snapshot = await view.until(app, wanted, (volume) => provenSnapshot(volume?.status, lostClaimUIDs));
    const { backup } = this.#first;
    if (Date.parse(snapshot.time) >= Date.parse(backup.time)) return snapshot;
    const [found, expected] = [describeSnapshot(snapshot), describeSnapshot(backup)];
    throw new DemoError(`${app.title} was restored from ${found}, although ${expected} is newer`);
  }

  /** Backups go on after a restore: waits for the first one, which nobody asks for. */
  async expectNextBackup({ view, timeline }: Stage): Promise<void> {
    const { app } = this;
    const wanted = { what: 'the first backup after the restore', timeoutSeconds: backupSeconds };
    await timeline.step(
      `${app.title}: the next backup, by itself`,
      () => view.until(app, wanted, (volume) => nextBackup(volume?.status)),
      ({ backup, dueTime }) =>
        `${app.title}: backed up again, by itself: snapshot ${describeSnapshot(backup)}; the next is due at ${clockTime(dueTime)}`,
    );
  }
}

async function deploy(
  stage: Stage,
  app: DemoApplication,
  lostClaimUIDs: readonly string[],
): Promise<Omit<Life, 'evidence'>> {
  const startedMs = performance.now();
  const path = manifestPath(app);
  const label = `${app.title}: kubectl apply -f ${relative(projectFolder, path)}`;
  const [claimUID] = await stage.timeline.step(
    label,
    async () => {
      await stage.view.kubectl(['apply', '-f', path]);
      return await Promise.all([tellDecision(stage, app, lostClaimUIDs), untilReady(stage, app)]);
    },
    () => `${label}: it runs`,
  );
  return { readyMs: performance.now() - startedMs, claimUID };
}

async function untilReady({ view }: Stage, app: DemoApplication): Promise<void> {
  const words = ['--namespace', app.namespace, 'rollout', 'status', app.workload, `--timeout=${readySeconds}s`];
  await view.kubectl(words).catch((error: unknown) => {
    throw new DemoError(`${app.title} did not become ready within ${readySeconds} s: ${messageOf(error)}`);
  });
}

/** Waits until Rebound has taken the new claim up, says what admission decided about it, and returns its UID. */
async function tellDecision(
  { view, timeline }: Stage,
  app: DemoApplication,
  lostClaimUIDs: readonly string[],
): Promise<string> {
  const wanted = { what: 'a ProtectedVolume for the new claim', timeoutSeconds: proofSeconds };
  const uid = await view.until(app, wanted, (volume) => newClaimUID(volume?.status, lostClaimUIDs));
  const claim = await view.client.get(persistentVolumeClaims, { namespace: app.namespace, name: app.claimName });
  const annotations = claim?.metadata.annotations;
  const decision = annotations?.[DECISION_ANNOTATION];
  if (decision === undefined) {
    throw new DemoError(`the claim ${app.namespace}/${app.claimName} has no decision: the webhook was not asked`);
  }
  timeline.note(`${app.title}: decided at admission: ${decision}. ${annotations?.[DECISION_REASON_ANNOTATION] ?? ''}`);
  return uid;
}

function measure({ view, timeline }: Stage, app: DemoApplication): Promise<Evidence> {
  return timeline.step(
    `${app.title}: sums and checksums`,
    () => app.measure(view.kubectl),
    (evidence) => `${app.title}: ${Object.keys(evidence).length} sums and checksums taken inside its pod`,
  );
}

async function backUp({ view, timeline }: Stage, app: DemoApplication): Promise<SnapshotReference> {
  // Whole seconds, as the API server and the engine write times.
  const dataTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const wanted = { request: dataTime, dataTime };
  const words = ['annotate', 'persistentvolumeclaim', app.claimName, `${BACKUP_NOW_ANNOTATION}=${dataTime}`];
  timeline.note(`${app.title}: no need to wait for the hour: kubectl ${words.join(' ')}`);
  await view.kubectl(['--namespace', app.namespace, ...words, '--overwrite']);
  const waiting = { what: 'a backup that holds the data', timeoutSeconds: backupSeconds };
  return timeline.step(
    `${app.title}: a backup`,
    () => view.until(app, waiting, (volume) => backupThatHolds(volume?.status, wanted)),
    (backup) => `${app.title}: backed up: snapshot ${describeSnapshot(backup)} is in S3`,
  );
}
