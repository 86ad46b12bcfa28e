import { expect, it } from 'vitest';
import { ClusterPresence } from './cluster-presence/presence.ts';
import { presenceSource } from './presence-source.ts';

const MINUTE = 60_000;

it('names every claim of a destination when backups into it must stop, and when they may go on', () => {
  const presence = new ClusterPresence();
  const claims: Readonly<Record<string, readonly string[]>> = { far: ['shop/a', 'shop/b'], near: ['shop/c'] };
  const named: string[] = [];
  const end = presenceSource(presence, (destination) => claims[destination] ?? []).start((key) => named.push(key));
  presence.fail('far', 'AccessDenied', 0);
  named.splice(0);
  presence.fail('far', 'AccessDenied', 7 * MINUTE);
  expect(named).toEqual([]);
  presence.fail('far', 'AccessDenied', 8 * MINUTE);
  expect(named.splice(0)).toEqual(['shop/a', 'shop/b']);
  const signed = { writtenMilliseconds: 9 * MINUTE, storeMilliseconds: undefined, heard: new Map<string, number>() };
  presence.record('far', signed, false);
  expect(named.splice(0)).toEqual(['shop/a', 'shop/b']);
  end();
  presence.fail('far', 'AccessDenied', 18 * MINUTE);
  expect(named).toEqual([]);
});
