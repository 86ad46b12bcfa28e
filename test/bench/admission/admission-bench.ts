import { type Bench, type BenchContext, repetitions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Findings, judge, type Measurements, medianOf, series } from '../report.ts';
import { percentile, rounded } from '../statistics.ts';
import { ApiLoad, type LoadResult } from '../world/api-load.ts';
import { claimCreations, putBackups } from './claims.ts';
import { ReboundAdmission } from './rebound-admission.ts';

const usualClaims = 2_000;
const concurrencies = [20, 1] as const;
/** Not measured: connections are opened and code is compiled. */
const warmUpClaims = 200;

const kinds = {
  bare: { name: 'no webhook', installed: false, labelled: false },
  labelled: { name: 'Rebound, labelled', installed: true, labelled: true },
  unlabelled: { name: 'Rebound, unlabelled', installed: true, labelled: false },
} as const;
type Kind = (typeof kinds)[keyof typeof kinds];

const variantName = ({ name }: Kind, concurrency: number): string => `${name}, ${concurrency} at a time`;

interface Run {
  readonly createsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

/** What admission costs claims: with the label, without it, and without Rebound. */
export const admissionBench: Bench = async (context) => {
  const claims = context.claims ?? usualClaims;
  context.report('starting a control plane, a store and the webhook');
  const admission = await ReboundAdmission.start(context);
  const api = new ApiLoad(admission.fixture.plane.kubeconfigPath, Math.max(...concurrencies));
  context.cleanup.add(() => api.close());
  const world = { admission, api, claims, report: context.report };
  const variants = concurrencies.flatMap((concurrency) =>
    Object.values(kinds).map((kind) => ({
      name: variantName(kind, concurrency),
      run: () => measure(world, kind, concurrency),
    })),
  );
  return conclude(claims, await interleave(variants, repetitions));
};

interface World extends Pick<BenchContext, 'report'> {
  readonly admission: ReboundAdmission;
  readonly api: ApiLoad;
  readonly claims: number;
}

async function measure(world: World, kind: Kind, concurrency: number): Promise<Run> {
  const { admission, claims, report } = world;
  await (kind.installed ? admission.turnOn() : admission.turnOff());
  await create(world, kind, { count: warmUpClaims, concurrency });
  const { latenciesMilliseconds, durationSeconds } = await create(world, kind, { count: claims, concurrency });
  const run = {
    createsPerSecond: claims / durationSeconds,
    p50Milliseconds: percentile(latenciesMilliseconds, 0.5),
    p99Milliseconds: percentile(latenciesMilliseconds, 0.99),
  };
  const { createsPerSecond, p50Milliseconds, p99Milliseconds } = run;
  const latencies = `p50 ${p50Milliseconds.toFixed(2)} ms, p99 ${p99Milliseconds.toFixed(2)} ms`;
  report(`${variantName(kind, concurrency)}: ${createsPerSecond.toFixed(0)} a second, ${latencies}`);
  return run;
}

/** Creates claims in a namespace of their own. */
async function create(
  { admission, api }: World,
  { labelled }: Kind,
  { count, concurrency }: { readonly count: number; readonly concurrency: number },
): Promise<LoadResult> {
  const { fixture } = admission;
  const namespace = await fixture.newNamespace();
  if (labelled) putBackups(fixture.s3, namespace, count);
  return await api.send(claimCreations(namespace, count, labelled), concurrency);
}

function conclude(claims: number, samples: ReadonlyMap<string, readonly Run[]>): Findings {
  const variants = Object.fromEntries([...samples].map(([name, runs]) => [name, measurementsOf(runs)]));
  const at = (kind: Kind, concurrency: number, measurement: keyof Run): number =>
    medianOf(variants, variantName(kind, concurrency), measurement);
  const { bare, labelled, unlabelled } = kinds;
  const rate = at(labelled, 20, 'createsPerSecond') / at(bare, 20, 'createsPerSecond');
  const tail = at(labelled, 20, 'p99Milliseconds') / at(bare, 20, 'p99Milliseconds');
  const added = at(labelled, 1, 'p50Milliseconds') - at(bare, 1, 'p50Milliseconds');
  const noise = spreadOf(samples.get(variantName(bare, 20)) ?? []);
  const difference = Math.abs(1 - at(unlabelled, 20, 'createsPerSecond') / at(bare, 20, 'createsPerSecond'));
  return {
    settings: { claims, warmUpClaims, withBackup: '1 of 2', webhookReplicas: 1 },
    variants,
    ratios: {
      'labelled / no webhook, rate at 20': rounded(rate),
      'labelled / no webhook, p99 at 20': rounded(tail),
      'labelled - no webhook, p50 at 1 (ms)': rounded(added),
      'unlabelled / no webhook, rate at 20': rounded(
        at(unlabelled, 20, 'createsPerSecond') / at(bare, 20, 'createsPerSecond'),
      ),
      'unlabelled - no webhook, p50 at 1 (ms)': rounded(
        at(unlabelled, 1, 'p50Milliseconds') - at(bare, 1, 'p50Milliseconds'),
      ),
    },
    targets: [
      judge({ name: 'labelled / no webhook, rate at 20', value: rate, limit: 0.45, comparison: 'at least' }),
      judge({ name: 'labelled / no webhook, p99 at 20', value: tail, limit: 2.2, comparison: 'at most' }),
      judge({ name: 'labelled - no webhook, p50 at 1 (ms)', value: added, limit: 2.5, comparison: 'at most' }),
      judge({ name: 'unlabelled: change of the rate at 20', value: difference, limit: noise, comparison: 'at most' }),
    ],
    notes: [
      'API server, etcd, store, webhook and load generator share the CPUs of one machine. The webhook is one process of the bundled program, called by address; the policy that refuses undecided claims is installed with it.',
      'Every labelled create is answered after a live LIST of the store. Every second labelled claim has a backup and gets a data source.',
      'The limit for unlabelled claims is the spread of the runs without a webhook, or 5 % if that is more.',
    ],
  };
}

const measurementsOf = (runs: readonly Run[]): Measurements => ({
  createsPerSecond: series(runs.map(({ createsPerSecond }) => createsPerSecond)),
  p50Milliseconds: series(runs.map(({ p50Milliseconds }) => p50Milliseconds)),
  p99Milliseconds: series(runs.map(({ p99Milliseconds }) => p99Milliseconds)),
});

const leastNoise = 0.05;

/** How far apart runs of the same thing are, as a share of their median rate. */
function spreadOf(runs: readonly Run[]): number {
  const rates = runs.map(({ createsPerSecond }) => createsPerSecond);
  const spread = (Math.max(...rates) - Math.min(...rates)) / percentile(rates, 0.5);
  return Math.max(leastNoise, rounded(spread));
}
