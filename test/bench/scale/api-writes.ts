import { type MetricSample, sumOf } from '../world/prometheus-text.ts';

const metric = 'apiserver_request_total';
const writing = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']);

/** Writes that reached the API server, by `<verb> <resource>[.<group>]`. Leases are left out: a leader must renew. */
export type WriteCounts = Readonly<Record<string, number>>;

/** Reads the API server's metrics (kubernetes.io, "Kubernetes Metrics Reference": apiserver_request_total, stable). */
export function writeCounts(samples: readonly MetricSample[]): WriteCounts {
  const counts: Record<string, number> = {};
  for (const { name, labels, value } of samples) {
    const { verb = '', resource = '', group = '', subresource = '' } = labels;
    if (name !== metric || !writing.has(verb) || resource === 'leases') continue;
    const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
    counts[`${verb} ${what}`] = (counts[`${verb} ${what}`] ?? 0) + value;
  }
  return counts;
}

/** What was written between two readings; nothing that stayed the same. */
export function writesBetween(before: WriteCounts, after: WriteCounts): WriteCounts {
  return Object.fromEntries(
    Object.entries(after)
      .map(([what, count]): [string, number] => [what, count - (before[what] ?? 0)])
      .filter(([, count]) => count !== 0),
  );
}

/** Requests that a role of Rebound has sent, watches and its lease apart. */
export function requestsSent(samples: readonly MetricSample[]): number {
  return sumOf(
    samples,
    'rebound_kube_request_duration_seconds_count',
    ({ verb, resource }) => verb !== 'watch' && !(resource ?? '').startsWith('leases'),
  );
}
