import { describe, expect, it } from 'vitest';
import { parseMetrics, sumOf } from './prometheus-text.ts';

const page = `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{verb="POST",code="201"} 5
requests_total{verb="POST",code="409"} 1
requests_total{verb="GET",path="a\\"b\\\\c,d=\\"e"} 7 1395066363000
up 1

temperature{place="x"} -1.5e+3
`;

describe('parseMetrics', () => {
  it('reads names, labels with escapes, and values', () => {
    expect(parseMetrics(page)).toEqual([
      { name: 'requests_total', labels: { verb: 'POST', code: '201' }, value: 5 },
      { name: 'requests_total', labels: { verb: 'POST', code: '409' }, value: 1 },
      { name: 'requests_total', labels: { verb: 'GET', path: 'a"b\\c,d="e' }, value: 7 },
      { name: 'up', labels: {}, value: 1 },
      { name: 'temperature', labels: { place: 'x' }, value: -1500 },
    ]);
  });
});

describe('sumOf', () => {
  it('adds what is accepted', () => {
    const samples = parseMetrics(page);
    expect(sumOf(samples, 'requests_total')).toBe(13);
    expect(sumOf(samples, 'requests_total', ({ verb }) => verb === 'POST')).toBe(6);
    expect(sumOf(samples, 'unknown_total')).toBe(0);
  });
});
