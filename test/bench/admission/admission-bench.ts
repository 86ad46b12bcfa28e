import { run } from '../../cluster/command.ts';
import { type Bench, type BenchContext, repetitions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Findings, judge, type Measurements, medianOf, series } from '../report.ts';
import { percentile, rounded } from '../statistics.ts';
import { ApiLoad, type LoadResult } from '../world/api-load.ts';
import { claimCreations, putBackups, removeBackups } from './claims.ts';
import { settledNamespaces } from './namespaces.ts';
import { ReboundAdmission } from './rebound-admission.ts';

const usualClaims = 2_000;
const concurrencies = [20, 1] as const;
/** Not measured, before every run: connections are opened. */
const warmUpClaims = 200;
const namespaceCount = 40;

const kinds = {
  bare: { name: 'no webhook', asked: 'nobody', labelled: false, backedUp: false },
  restored: { name: 'Rebound, labelled, backed up', asked: 'rebound', labelled: true, backedUp: true },
  fresh: { name: 'Rebound, labelled, new', asked: 'rebound', labelled: true, backedUp: false },
  unlabelled: { name: 'Rebound, unlabelled', asked: 'rebound', labelled: false, backedUp: false },
  constant: { name: 'a constant answer, labelled', asked: 'constant', labelled: true, backedUp: false },
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
  const namespaces = await settledNamespaces(admission.fixture, namespaceCount);
  const world = { admission, api, claims, namespaces, nextRun: counter(), report: context.report };
  await compile(world);
  const variants = concurrencies.flatMap((concurrency) =>
    Object.values(kinds).map((kind) => ({
      name: variantName(kind, concurrency),
      run: () => measure(world, kind, concurrency),
    })),
  );
  return conclude(claims, await interleave(variants, repetitions));
};

/** Lets the webhook decide as often as it takes V8 to compile what it runs: a process is slower at first. */
async function compile(world: World): Promise<void> {
  await world.admission.ask('rebound');
  for (const kind of [kinds.restored, kinds.fresh]) await create(world, kind, { count: world.claims, concurrency: 20 });
}

interface World extends Pick<BenchContext, 'report'> {
  readonly admission: ReboundAdmission;
  readonly api: ApiLoad;
  readonly claims: number;
  readonly namespaces: readonly string[];
  readonly nextRun: () => number;
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

async function measure(world: World, kind: Kind, concurrency: number): Promise<Run> {
  const { admission, claims, report } = world;
  await admission.ask(kind.asked);
  await create(world, kind, { count: warmUpClaims, concurrency });
  const { latenciesMilliseconds, durationSeconds } = await create(world, kind, { count: claims, concurrency });
  const measured = {
    createsPerSecond: claims / durationSeconds,
    p50Milliseconds: percentile(latenciesMilliseconds, 0.5),
    p99Milliseconds: percentile(latenciesMilliseconds, 0.99),
  };
  const { createsPerSecond, p50Milliseconds, p99Milliseconds } = measured;
  const latencies = `p50 ${p50Milliseconds.toFixed(2)} ms, p99 ${p99Milliseconds.toFixed(2)} ms`;
  report(`${variantName(kind, concurrency)}: ${createsPerSecond.toFixed(0)} a second, ${latencies}`);
  return measured;
}

async function create(
  { admission, api, namespaces, nextRun }: World,
  { labelled, backedUp }: Kind,
  { count, concurrency }: { readonly count: number; readonly concurrency: number },
): Promise<LoadResult> {
  const { s3 } = admission.fixture;
  const claims = { namespaces, run: nextRun(), count };
  if (backedUp) putBackups(s3, claims);
  // Otherwise etcd's first fsyncs also write what other runs, and the backups, left to be written.
  await run(['sync']);
  const result = await api.send(claimCreations(claims, labelled), concurrency);
  if (backedUp) removeBackups(s3, claims);
  return result;
}

function conclude(claims: number, samples: ReadonlyMap<string, readonly Run[]>): Findings {
  const variants = Object.fromEntries([...samples].map(([name, runs]) => [name, measurementsOf(runs)]));
  const at = (kind: Kind, concurrency: number, measurement: keyof Run): number =>
    medianOf(variants, variantName(kind, concurrency), measurement);
  const { bare, restored, fresh, unlabelled, constant } = kinds;
  const rateOf = (kind: Kind): number => at(kind, 20, 'createsPerSecond') / at(bare, 20, 'createsPerSecond');
  const tailOf = (kind: Kind): number => at(kind, 20, 'p99Milliseconds') / at(bare, 20, 'p99Milliseconds');
  const addedBy = (kind: Kind): number => at(kind, 1, 'p50Milliseconds') - at(bare, 1, 'p50Milliseconds');
  const noise = spreadOf(samples.get(variantName(bare, 20)) ?? []);
  const measured = [restored, fresh, unlabelled, constant];
  return {
    settings: { claims, namespaces: namespaceCount, warmUpClaims, webhookReplicas: 1 },
    variants,
    ratios: Object.fromEntries(
      measured.flatMap((kind) => [
        [`${kind.name} / no webhook, rate at 20`, rounded(rateOf(kind))],
        [`${kind.name} / no webhook, p99 at 20`, rounded(tailOf(kind))],
        [`${kind.name} - no webhook, p50 at 1 (ms)`, rounded(addedBy(kind))],
      ]),
    ),
    targets: [
      judge({
        name: 'labelled / no webhook, rate at 20',
        value: rateOf(restored),
        limit: 0.45,
        comparison: 'at least',
      }),
      judge({ name: 'labelled / no webhook, p99 at 20', value: tailOf(restored), limit: 2.2, comparison: 'at most' }),
      judge({
        name: 'labelled - no webhook, p50 at 1 (ms)',
        value: addedBy(restored),
        limit: 2.5,
        comparison: 'at most',
      }),
      judge({
        name: 'unlabelled: change of the rate at 20',
        value: Math.abs(1 - rateOf(unlabelled)),
        limit: noise,
        comparison: 'at most',
      }),
    ],
    notes: [
      'API server, etcd, store, webhook and load generator share the CPUs of one machine. The webhook is one process of the bundled program, called by address; the policy that refuses undecided claims is installed with it.',
      'Every labelled create is answered after a live LIST of the store. Claims with a backup get a data source; for new ones the ledger is asked too, a second request. The targets are for claims with a backup.',
      'A constant answer is what a webhook costs that asks nobody and decides nothing, under the same policy: the share of the API server.',
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
