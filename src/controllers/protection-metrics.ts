import { Gauge, type Registry } from 'prom-client';
import type { GuardView } from './guard-condition.ts';
import type { Stores } from './stores.ts';

/** Counts what the local copies hold when metrics are collected; an alert can follow from each. */
export function registerProtectionMetrics(registry: Registry, stores: Stores): void {
  const count = (values: readonly string[]): ReadonlyMap<string, number> =>
    values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map<string, number>());

  new Gauge({
    name: 'rebound_protected_volumes',
    help: 'Labelled claims by phase; Degraded ones need a person.',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      this.reset();
      const phases = stores.protectedVolumes.list().map((one) => one.status?.phase ?? 'Unknown');
      for (const [phase, number] of count(phases)) this.set({ phase }, number);
    },
  });

  new Gauge({
    name: 'rebound_volume_restores',
    help: 'Restores by phase; those that stay in Probing wait for their destination.',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      this.reset();
      const phases = stores.volumeRestores.list().map((one) => one.status?.phase ?? 'Unknown');
      for (const [phase, number] of count(phases)) this.set({ phase }, number);
    },
  });

  new Gauge({
    name: 'rebound_destination_reachable',
    help: '1 while the destination answers and is the one that is meant.',
    labelNames: ['destination'],
    registers: [registry],
    collect() {
      this.reset();
      for (const one of stores.destinations.list()) {
        this.set({ destination: one.metadata.name }, one.status?.reachable === true ? 1 : 0);
      }
    },
  });

  new Gauge({
    name: 'rebound_oldest_last_backup_timestamp_seconds',
    help: 'Of all protected claims of a tier, the time of the last backup that lies back the furthest.',
    labelNames: ['tier'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [tier, seconds] of oldestBackups(stores)) this.set({ tier }, seconds);
    },
  });
}

/** Absent in a replica that stands by: it does not look. */
export function registerGuardMetric(registry: Registry, guard: GuardView): void {
  new Gauge({
    name: 'rebound_admission_guarded',
    help: '1 while labelled claims are sent to Rebound, and refused where they were not; 0 while not, or while unknown.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      const { current } = guard;
      if (current !== undefined) this.set({ reason: current.reason }, current.status === 'True' ? 1 : 0);
    },
  });
}

function oldestBackups(stores: Stores): ReadonlyMap<string, number> {
  const oldest = new Map<string, number>();
  for (const { spec, status } of stores.protectedVolumes.list()) {
    if (status?.lastBackup === undefined) continue;
    const seconds = Date.parse(status.lastBackup.time) / 1000;
    oldest.set(spec.policyName, Math.min(seconds, oldest.get(spec.policyName) ?? seconds));
  }
  return oldest;
}
