import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cronSchedule } from '../../../src/domain/schedule.ts';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { freePorts } from '../../cluster/native/free-ports.ts';
import { type Bench, type BenchContext, repetitions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Findings, judge, type Measurements, medianOf, series } from '../report.ts';
import { rounded } from '../statistics.ts';
import { type BenchPlane, startBenchPlane } from '../world/bench-plane.ts';
import { parseMetrics } from '../world/prometheus-text.ts';
import { buildBundle, type Memory, type ReboundOptions, ReboundProcess } from '../world/rebound-process.ts';
import { shippedSettings } from '../world/shipped-settings.ts';
import { type WriteCounts, requestsSent, writeCounts, writesBetween } from './api-writes.ts';
import { type ClaimName, claimNames } from './claims.ts';
import { createClaims, endBackups, phases, schedules } from './scale-world.ts';
import { minuteLoad } from './schedule-load.ts';
import { type Activity, waitUntilSteady } from './steady.ts';

const usualClaims = 10_000;
const restSeconds = 300;
/** The first pass writes some five objects per claim. */
const firstPassTimeoutSeconds = 1_800;
const restartTimeoutSeconds = 300;
/** Garbage of the start may be collected meanwhile. */
const settleSeconds = 15;

interface Run extends Memory {
  readonly toSteadySeconds: number;
}

/** Starts controllers, one after the other, each under a name of its own as pods are. */
class Controllers {
  readonly #world: BenchPlane;
  readonly #context: BenchContext;
  readonly #program: Pick<ReboundOptions, 'bundlePath' | 'healthPort'>;
  #count = 0;

  constructor(world: BenchPlane, context: BenchContext, program: Pick<ReboundOptions, 'bundlePath' | 'healthPort'>) {
    this.#world = world;
    this.#context = context;
    this.#program = program;
  }

  start(): ReboundProcess {
    this.#count += 1;
    const shipped = shippedSettings('controller');
    const controller = new ReboundProcess({
      ...this.#program,
      role: 'controller',
      logPath: join(this.#context.logFolder, 'controller.log'),
      nodeFlags: [...shipped.nodeFlags, ...this.#context.nodeFlags],
      environment: {
        ...shipped.environment,
        KUBECONFIG: this.#world.plane.kubeconfigPath,
        POD_NAME: `rebound-controller-${this.#count}`,
        REBOUND_HEALTH_PORT: String(this.#program.healthPort),
        REBOUND_HEALTH_HOST: '127.0.0.1',
      },
    });
    this.#context.cleanup.add(() => controller.stop('SIGKILL'));
    return controller;
  }

  /** Starts one, and measures it once it is steady. */
  async settle(timeoutSeconds: number): Promise<{ readonly controller: ReboundProcess; readonly run: Run }> {
    const controller = this.start();
    const toSteadySeconds = await waitUntilSteady(controller, { timeoutSeconds });
    await delay(settleSeconds * 1000);
    return { controller, run: { toSteadySeconds, ...controller.memory() } };
  }
}

/** The controller with many claims: memory, writes at rest, restart, and how its schedules are spread. */
export const scaleBench: Bench = async (context) => {
  const claims = claimNames(context.claims ?? usualClaims);
  const bundlePath = await buildBundle(context.logFolder);
  context.report('starting a control plane and a store');
  const world = await startBenchPlane(context.cleanup);
  const [healthPort = 0] = await freePorts(1);
  const controllers = new Controllers(world, context, { bundlePath, healthPort });

  const empty = await measureEmpty(controllers, context);
  const grown = await growWorld(world, controllers, claims, context);
  const restarts = await measureRestarts(controllers, context);
  const rest = await measureRest(world, controllers, context);
  const spread = minuteLoad(await schedules(world), 1);
  return conclude({ claims, empty, grown, restarts, rest, spread });
};

async function measureEmpty(controllers: Controllers, { report }: BenchContext): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const { controller, run } = await controllers.settle(restartTimeoutSeconds);
    report(`no claims: steady after ${run.toSteadySeconds.toFixed(1)} s, ${run.rssMiB.toFixed(0)} MiB`);
    runs.push(run);
    await controller.stop('SIGTERM');
  }
  return runs;
}

interface Growth {
  readonly firstPassSeconds: number;
  readonly afterFirstPass: Memory;
  readonly confirmSeconds: number;
  readonly afterBackups: Memory;
}

/** From claims that nobody has looked at yet to claims that are all protected. */
async function growWorld(
  world: BenchPlane,
  controllers: Controllers,
  claims: readonly ClaimName[],
  context: BenchContext,
): Promise<Growth> {
  const { report } = context;
  await createClaims(world, claims, context);
  const controller = controllers.start();
  const options = { timeoutSeconds: firstPassTimeoutSeconds, onProgress: progress(report) };
  const firstPassSeconds = await waitUntilSteady(controller, options);
  const afterFirstPass = controller.memory();
  report(`first pass: ${firstPassSeconds.toFixed(0)} s, ${afterFirstPass.rssMiB.toFixed(0)} MiB`);
  await expectPhase(world, 'BackingUp', claims.length);

  const backupsAt = performance.now();
  await endBackups(world, claims);
  const untilSteady = await waitUntilSteady(controller, options);
  const confirmSeconds = untilSteady - (backupsAt - controller.startedAtMilliseconds) / 1000;
  const afterBackups = controller.memory();
  report(`backups confirmed: ${confirmSeconds.toFixed(0)} s, ${afterBackups.rssMiB.toFixed(0)} MiB`);
  await expectPhase(world, 'Protected', claims.length);
  await controller.stop('SIGTERM');
  return { firstPassSeconds, afterFirstPass, confirmSeconds, afterBackups };
}

async function expectPhase(world: BenchPlane, phase: string, count: number): Promise<void> {
  const found = await phases(world);
  if (found[phase] === count) return;
  throw new ClusterError(`${count} claims should be ${phase}, but there are ${JSON.stringify(found)}`);
}

function progress(report: BenchContext['report']): (activity: Activity) => void {
  let toldAt = 0;
  return ({ waitingKeys, workDone }) => {
    if (performance.now() - toldAt < 10_000) return;
    toldAt = performance.now();
    report(`  ${waitingKeys} keys wait, ${workDone} things done`);
  };
}

type Restarts = ReadonlyMap<string, readonly Run[]>;
const orderly = 'restart after SIGTERM';
const crash = 'restart after SIGKILL';

/** Each restart follows an end of the kind that it is named after: after a crash, the lease has to run out first. */
async function measureRestarts(controllers: Controllers, { report }: BenchContext): Promise<Restarts> {
  let { controller } = await controllers.settle(restartTimeoutSeconds);
  const variant = (name: string, signal: 'SIGTERM' | 'SIGKILL') => ({
    name,
    run: async (): Promise<Run> => {
      await controller.stop(signal);
      const settled = await controllers.settle(restartTimeoutSeconds);
      ({ controller } = settled);
      const { toSteadySeconds, rssMiB, peakRssMiB } = settled.run;
      report(
        `${name}: steady after ${toSteadySeconds.toFixed(1)} s, ${rssMiB.toFixed(0)} MiB (peak ${peakRssMiB.toFixed(0)})`,
      );
      return settled.run;
    },
  });
  const runs = await interleave([variant(orderly, 'SIGTERM'), variant(crash, 'SIGKILL')], repetitions);
  await controller.stop('SIGTERM');
  return runs;
}

interface Rest {
  readonly rssMiB: readonly number[];
  readonly writes: WriteCounts;
  readonly requestsOfController: number;
}

async function measureRest(world: BenchPlane, controllers: Controllers, { report }: BenchContext): Promise<Rest> {
  const { controller } = await controllers.settle(restartTimeoutSeconds);
  report(`at rest for ${restSeconds} s`);
  const before = await writesSoFar(world);
  const sentBefore = requestsSent(await controller.metrics());
  const rssMiB: number[] = [];
  for (let second = 0; second < restSeconds; second += 10) {
    await delay(10_000);
    rssMiB.push(controller.memory().rssMiB);
  }
  const requestsOfController = requestsSent(await controller.metrics()) - sentBefore;
  const writes = writesBetween(before, await writesSoFar(world));
  await controller.stop('SIGTERM');
  return { rssMiB, writes, requestsOfController };
}

async function writesSoFar({ api }: BenchPlane): Promise<WriteCounts> {
  return writeCounts(parseMetrics(await api.text('/metrics')));
}

interface Measured {
  readonly claims: readonly ClaimName[];
  readonly empty: readonly Run[];
  readonly grown: Growth;
  readonly restarts: Restarts;
  readonly rest: Rest;
  readonly spread: ReturnType<typeof minuteLoad>;
}

const measurementsOf = (runs: readonly Run[]): Measurements => ({
  toSteadySeconds: series(runs.map(({ toSteadySeconds }) => toSteadySeconds)),
  rssMiB: series(runs.map(({ rssMiB }) => rssMiB)),
  peakRssMiB: series(runs.map(({ peakRssMiB }) => peakRssMiB)),
});

const memoryOf = ({ rssMiB, peakRssMiB }: Memory): Measurements => ({
  rssMiB: series([rssMiB]),
  peakRssMiB: series([peakRssMiB]),
});

function conclude({ claims, empty, grown, restarts, rest, spread }: Measured): Findings {
  const variants: Findings['variants'] = {
    'no claims': measurementsOf(empty),
    'first pass over all claims': {
      toSteadySeconds: series([grown.firstPassSeconds]),
      ...memoryOf(grown.afterFirstPass),
    },
    'one backup of each confirmed': {
      toSteadySeconds: series([grown.confirmSeconds]),
      ...memoryOf(grown.afterBackups),
    },
    [orderly]: measurementsOf(restarts.get(orderly) ?? []),
    [crash]: measurementsOf(restarts.get(crash) ?? []),
    'at rest': { rssMiB: series(rest.rssMiB) },
  };
  const daily = dailyLoad(claims);
  const writes = Object.values(rest.writes).reduce((sum, count) => sum + count, 0);
  const peak = spread.peakPerMinute / spread.meanPerMinute;
  const worstRestart = Math.max(...[orderly, crash].map((name) => medianOf(variants, name, 'toSteadySeconds')));
  const worstRss = Math.max(...[orderly, crash, 'at rest'].map((name) => medianOf(variants, name, 'rssMiB')));
  return {
    settings: { claims: claims.length, restoredClaims: claims.length / 2, pods: claims.length, restSeconds },
    variants,
    ratios: {
      'hourly: peak minute': spread.peakPerMinute,
      'hourly: mean minute': rounded(spread.meanPerMinute),
      'hourly: peak / mean': rounded(peak),
      'daily, 6 h window: peak minute': daily.peakPerMinute,
      'daily, 6 h window: mean minute': rounded(daily.meanPerMinute),
      'at rest: requests of the controller': rest.requestsOfController,
      ...Object.fromEntries(Object.entries(rest.writes).map(([what, count]) => [`at rest: ${what}`, count])),
    },
    targets: [
      judge({ name: 'controller RSS, steady (MiB)', value: worstRss, limit: 200, comparison: 'at most' }),
      judge({ name: `API writes at rest over ${restSeconds} s`, value: writes, limit: 0, comparison: 'at most' }),
      judge({ name: 'restart to steady (s)', value: worstRestart, limit: 30, comparison: 'at most' }),
      judge({ name: 'peak minute / mean minute', value: peak, limit: 1.5, comparison: 'at most' }),
    ],
    notes: [
      'Half of the claims came back by a restore; a pod mounts each. VolSync is played: its statuses and its snapshots in the store are real, its movers are not.',
      'Writes are all that reached the API server, whoever sent them, except to leases.',
    ],
  };
}

/** What the same claims would be under a daily tier with a window of six hours. */
function dailyLoad(claims: readonly ClaimName[]): ReturnType<typeof minuteLoad> {
  const windowHours = 6;
  const daily = { every: 'Day', windowStartHour: 0, windowHours } as const;
  return minuteLoad(
    claims.map(({ namespace, name }) => cronSchedule(daily, namespace, name)),
    windowHours,
  );
}
