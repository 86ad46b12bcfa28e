/** Rebound's main job, for a person to watch: label a claim, lose it, get it back. See docs/demo.md. */
import { parseArgs } from 'node:util';

import { chooseProvider } from '../cluster/choose-provider.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import { Demo } from './demo.ts';
import { DemoError } from './demo-error.ts';
import { lookAround } from './look-around.ts';
import { postgresApplication } from './postgres-application.ts';
import { Timeline } from './timeline.ts';
import { seconds } from './timeline-format.ts';
import { websiteApplication } from './website-application.ts';

const usage = `usage: npm run demo [-- --keep]

  --keep   leave the cluster, Rebound and the applications up, and say how to look around

The demo destroys the local cluster and builds it anew. Backups in its S3 stay, but for the demo's own.
`;

interface Scene {
  readonly demo: Demo;
  readonly provider: ClusterProvider;
  readonly timeline: Timeline;
}

/** Takes away what the demo brought: the cluster too, unless it was there before. */
async function tidyUp({ demo, provider, timeline }: Scene, clusterWasThere: boolean): Promise<void> {
  timeline.act('Tidying up');
  await timeline.step("the demo's namespaces and backups are deleted", () => demo.removeTraces());
  await demo.close();
  if (clusterWasThere) timeline.note('the cluster was there before the demo, so it stays up, with Rebound on it');
  else await timeline.step('the cluster is down', (tell) => provider.down(tell));
}

/** What the person can put right is said in one line; anything else is a defect of ours and shows where it happened. */
function explain(error: unknown): string {
  if (error instanceof DemoError || error instanceof ClusterError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function tellFailure({ demo, timeline }: Scene, error: unknown): void {
  timeline.fail(explain(error));
  const stories = demo.claimStories();
  timeline.print(['', ...stories, '', 'Everything is left as it is.', lookAround].join('\n'));
}

/** Leaves at once; what the cluster was doing is healed or undone by the next `up`. */
function leaveOnInterrupt(timeline: Timeline): void {
  process.once('SIGINT', () => {
    timeline.fail('interrupted: everything is left as it is; "npm run cluster -- down" ends the cluster');
    process.exit(130);
  });
}

async function play(keep: boolean): Promise<number> {
  const provider = await chooseProvider();
  const timeline = new Timeline();
  leaveOnInterrupt(timeline);
  const demo = new Demo(provider, timeline, [postgresApplication, websiteApplication]);
  const scene = { demo, provider, timeline };
  try {
    const clusterWasThere = (await provider.status()).state !== 'down';
    await demo.run();
    timeline.print(`Twice lost, twice back, in ${seconds(timeline.elapsedMs)}, and nobody restored anything by hand.`);
    if (keep) timeline.print(lookAround);
    else await tidyUp(scene, clusterWasThere);
    return 0;
  } catch (error) {
    tellFailure(scene, error);
    return 1;
  } finally {
    timeline.close();
  }
}

function readOptions(): { readonly keep: boolean } | undefined {
  try {
    return parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
  } catch {
    return undefined;
  }
}

const options = readOptions();
if (options === undefined) process.stderr.write(usage);
// Watches and whatever a failed step has left running would keep the process alive.
process.exit(options === undefined ? 2 : await play(options.keep));
