import { describe, expect, it } from 'vitest';
import { keysOf, whenGone, whenSpecChanges } from './source.ts';

const tier = (metadata: { readonly uid?: string; readonly generation?: number }) => ({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'BackupPolicy',
  metadata: { name: 'hourly', uid: 'uid-1', generation: 1, ...metadata },
});

describe('whenSpecChanges', () => {
  const passes = (previous?: ReturnType<typeof tier>, current?: ReturnType<typeof tier>): boolean =>
    [...whenSpecChanges(() => ['a claim'])({ key: 'hourly', previous, current })].length > 0;

  it('passes on the coming and the end of an object, and each change of its spec', () => {
    expect(passes(undefined, tier({}))).toBe(true);
    expect(passes(tier({}), undefined)).toBe(true);
    expect(passes(tier({}), tier({ generation: 2 }))).toBe(true);
  });

  it('passes on another object of the same name, whose generation begins anew', () => {
    expect(passes(tier({}), tier({ uid: 'uid-2' }))).toBe(true);
  });

  it('wakes nobody for what is written into a status, which is no new generation', () => {
    expect(passes(tier({}), tier({}))).toBe(false);
  });
});

describe('keysOf', () => {
  it('names what an object pointed to before and what it points to now, each once', () => {
    const keys = keysOf((labels: readonly string[]) => labels);
    expect([...keys({ key: 'claim', previous: ['hourly', 'a'], current: ['daily', 'a'] })]).toEqual([
      'hourly',
      'a',
      'daily',
    ]);
    expect([...keys({ key: 'claim', previous: undefined, current: ['daily'] })]).toEqual(['daily']);
  });
});

it('whenGone names what an object pointed to, once it is gone', () => {
  const keys = whenGone((labels: readonly string[]) => labels);
  expect([...keys({ key: 'claim', previous: ['a', 'b'], current: undefined })]).toEqual(['a', 'b']);
  expect([...keys({ key: 'claim', previous: ['a'], current: ['a'] })]).toEqual([]);
  expect([...keys({ key: 'claim', previous: undefined, current: ['a'] })]).toEqual([]);
});
