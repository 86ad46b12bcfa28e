import { expect, it } from 'vitest';
import { parseMetrics } from '../world/prometheus-text.ts';
import { requestsSent, writeCounts, writesBetween } from './api-writes.ts';

const before = parseMetrics(`apiserver_request_total{verb="PATCH",resource="secrets",group="",code="200"} 5
apiserver_request_total{verb="PATCH",resource="secrets",group="",code="409"} 1
apiserver_request_total{verb="PUT",resource="leases",group="coordination.k8s.io",code="200"} 9
apiserver_request_total{verb="GET",resource="secrets",group="",code="200"} 7
other_total{verb="PATCH",resource="secrets"} 3`);

const after = parseMetrics(`apiserver_request_total{verb="PATCH",resource="secrets",group="",code="200"} 5
apiserver_request_total{verb="PATCH",resource="secrets",group="",code="409"} 1
apiserver_request_total{verb="PUT",resource="leases",group="coordination.k8s.io",code="200"} 99
apiserver_request_total{verb="APPLY",resource="protectedvolumes",group="rebound.dev",subresource="status"} 2`);

it('counts writes of all outcomes, without leases and reads', () => {
  expect(writeCounts(before)).toEqual({ 'PATCH secrets': 6 });
});

it('names what was written meanwhile', () => {
  expect(writesBetween(writeCounts(before), writeCounts(after))).toEqual({
    'APPLY protectedvolumes.rebound.dev/status': 2,
  });
});

it('counts what Rebound sent, without watches and its lease', () => {
  const name = 'rebound_kube_request_duration_seconds_count';
  const page = `${name}{verb="watch",resource="pods",code="200"} 4
${name}{verb="patch",resource="leases.coordination.k8s.io",code="200"} 8
${name}{verb="list",resource="pods",code="200"} 3
${name}{verb="patch",resource="secrets",code="200"} 2`;
  expect(requestsSent(parseMetrics(page))).toBe(5);
});
