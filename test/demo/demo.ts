import { clusterRecordKey } from '../../src/destinations/cluster-record.ts';
import { SILENT_MILLISECONDS } from '../../src/domain/ownership.ts';
import { type Event, namespaces, persistentVolumes } from '../../src/kube/model/built-in-kinds.ts';
import { poll } from '../cluster/poll.ts';
import type { ClusterProvider, Report } from '../cluster/provider.ts';
import { installRebound } from '../install/install.ts';
import { AppStory, type Stage } from './app-story.ts';
import type { DemoApplication } from './application.ts';
import { describeProtection } from './claim-status.ts';
import { ClusterView } from './cluster-view.ts';
import { deleteDemoBackups } from './demo-backups.ts';
import { summaryTable } from './summary.ts';
import type { Timeline } from './timeline.ts';

const goneSeconds = 120;

const comeBack = (stories: readonly AppStory[], stage: Stage): Promise<unknown> =>
  Promise.all(
    stories.map(async (story) => {
      await story.bringBack(stage);
      await story.expectNextBackup(stage);
    }),
  );

/** The whole story, act by act: label a claim, lose it, get it back; lose the cluster, get it back. */
export class Demo {
  readonly #provider: ClusterProvider;
  readonly #timeline: Timeline;
  readonly #apps: readonly DemoApplication[];
  readonly #heard = new Set<string>();
  #view: ClusterView | undefined;

  constructor(provider: ClusterProvider, timeline: Timeline, apps: readonly DemoApplication[]) {
    this.#provider = provider;
    this.#timeline = timeline;
    this.#apps = apps;
  }

  /**
   * Plays it to the end.
   * @throws DemoError or ClusterError saying what differs, or what did not come in time.
   */
  async run(): Promise<void> {
    const timeline = this.#timeline;
    timeline.act('A Kubernetes cluster, and an S3 server beside it');
    const { name } = this.#provider;
    await timeline.step(
      `bringing the ${name} cluster up`,
      (tell) => this.#provider.up(tell),
      () => `the ${name} cluster is up`,
    );

    timeline.act('Rebound, from its manifests');
    const stage = await this.#prepareStage();
    await timeline.step(
      'clearing away an earlier demo',
      () => this.removeTraces(),
      () => 'nothing is left of an earlier demo',
    );
    stage.view.onClaimEvent((event) => this.#tell(event));

    timeline.act('Two applications: all they know of Rebound is the label "backup: hourly"');
    const stories = await Promise.all(this.#apps.map((app) => AppStory.begin(stage, app)));

    timeline.act('Somebody deletes both namespaces');
    await this.#deleteNamespaces(stage);

    timeline.act('The very same manifests again, and nothing else');
    await comeBack(stories, stage);

    timeline.act('The cluster dies, with every volume and every object: S3 is all that is left');
    await this.#killCluster(stage);

    timeline.act('A new cluster: Rebound, its two Secrets and the same manifests, as from Git');
    const newStage = await this.#prepareStage();
    newStage.view.onClaimEvent((event) => this.#tell(event));
    await comeBack(stories, newStage);

    const chronicles = stories.map(({ app, lives }) => ({ title: app.title, lives }));
    timeline.print(`\n${summaryTable(['before', 'namespace deleted', 'cluster rebuilt'], chronicles)}\n`);
  }

  /** Removes the applications and their backups: this demo's, or what an earlier one has left. */
  async removeTraces(): Promise<void> {
    const { kubectl } = this.#requireView();
    const names = this.#apps.map(({ namespace }) => namespace);
    await kubectl(['delete', 'namespace', ...names, '--ignore-not-found', `--timeout=${goneSeconds}s`]);
    const { s3 } = await this.#provider.environment();
    await deleteDemoBackups(s3, this.#apps);
  }

  /** The story of every claim as the cluster tells it, for the case that something went wrong; empty if it can't be told. */
  claimStories(): readonly string[] {
    const view = this.#view;
    if (view === undefined) return [];
    return this.#apps.flatMap((app) => {
      const standing = describeProtection(view.protectionOf(app));
      const events = view
        .claimEvents(app)
        .map(({ type, reason, message }) => `  ${type ?? ''} ${reason ?? ''}: ${message ?? ''}`);
      return [`${app.namespace}/${app.claimName}: ${standing}`, ...events];
    });
  }

  async close(): Promise<void> {
    await this.#view?.close();
    this.#view = undefined;
  }

  /** Installs Rebound, loads the applications' images, and begins to watch. */
  async #prepareStage(): Promise<Stage> {
    const timeline = this.#timeline;
    await timeline.step(
      'installing Rebound',
      (tell) => installRebound(this.#provider, tell),
      () => 'Rebound is installed and answers',
    );
    const loadImages = async (tell: Report): Promise<void> => {
      for (const app of this.#apps) await app.loadImage(this.#provider, tell);
    };
    await timeline.step("loading the applications' images", loadImages, () => "the applications' images are loaded");
    this.#view = new ClusterView(await this.#provider.environment());
    return { view: this.#view, timeline };
  }

  /** Passes on what an application's claim is told, once: several conditions may say the same. */
  #tell({ type, reason, message, involvedObject }: Event): void {
    const { namespace, name } = involvedObject;
    const app = this.#apps.find((each) => each.namespace === namespace && each.claimName === name);
    if (app === undefined) return;
    const text = `${app.title}: ${reason ?? 'event'}: ${message ?? ''}`;
    const heard = JSON.stringify([involvedObject.uid, message]);
    if (this.#heard.has(heard)) return;
    this.#heard.add(heard);
    if (type === 'Warning') this.#timeline.warn(text);
    else this.#timeline.note(text);
  }

  async #deleteNamespaces({ view: { kubectl, client } }: Stage): Promise<void> {
    const names = this.#apps.map(({ namespace }) => namespace);
    const command = ['delete', 'namespace', ...names];
    await this.#timeline.step(`kubectl ${command.join(' ')}`, () => kubectl([...command, `--timeout=${goneSeconds}s`]));
    await this.#timeline.step('their volumes are deleted, for good', () =>
      poll({ what: "the applications' volumes to go", timeoutSeconds: goneSeconds, intervalMs: 300 }, async () => {
        const volumes = await client.list(persistentVolumes);
        return !volumes.some(({ spec }) => names.includes(spec.claimRef?.namespace ?? ''));
      }),
    );
  }

  async #killCluster({ view: { client }, timeline }: Stage): Promise<void> {
    const system = await client.get(namespaces, { name: 'kube-system' });
    await this.close();
    await timeline.step(
      'destroying the cluster and bringing up a new one',
      (tell) => this.#provider.reset(tell, { keepDestination: true }),
      () => 'a new, empty cluster is up',
    );
    await this.#letTimePass(system?.metadata.uid ?? '');
  }

  /** Restores do not wait until the lost cluster counts as dead, but backups do; ten minutes are too long for a demo. */
  async #letTimePass(lostClusterUid: string): Promise<void> {
    const minutes = SILENT_MILLISECONDS / 60_000 + 1;
    await this.#provider.ageObject(clusterRecordKey(lostClusterUid), minutes * 60);
    this.#timeline.note(
      `S3 is told that it heard of the lost cluster ${minutes} minutes ago, as if we had waited: the new one need not wait to back up`,
    );
  }

  #requireView(): ClusterView {
    if (this.#view === undefined)
      throw new Error('the cluster is not watched: it is not up, or Rebound is not installed');
    return this.#view;
  }
}
