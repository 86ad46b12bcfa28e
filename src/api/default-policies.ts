import type { BackupPolicySpec } from './backup-policy.ts';

/** A tier that ships: only what differs from the schema's defaults. */
export interface DefaultPolicy {
  readonly name: string;
  readonly spec: Pick<BackupPolicySpec, 'schedule' | 'retention'>;
}

/** The tiers that ship. */
export const defaultPolicies: readonly DefaultPolicy[] = [
  {
    name: 'hourly',
    spec: {
      schedule: { every: 'Hour', windowStartHour: 0, windowHours: 6 },
      retention: { last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 6 },
    },
  },
  {
    name: 'daily',
    spec: {
      schedule: { every: 'Day', windowStartHour: 0, windowHours: 6 },
      retention: { last: 3, daily: 14, weekly: 8, monthly: 12 },
    },
  },
];
