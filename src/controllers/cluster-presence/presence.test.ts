import { describe, expect, it } from 'vitest';
import { ClusterPresence } from './presence.ts';

const MINUTE = 60_000;
const STORE = Date.UTC(2030, 0, 1);

const seen = (writtenMilliseconds: number, others: readonly (readonly [string, number])[] = []) => ({
  writtenMilliseconds,
  storeMilliseconds: STORE + writtenMilliseconds,
  heard: new Map([['us', STORE + writtenMilliseconds], ...others]),
});

describe('the clusters with one destination', () => {
  it('do not let backups run before this one has shown that it lives', () => {
    expect(new ClusterPresence().mayBackUp('default', 0).kind).toBe('pending');
  });

  it('let backups run while this one was heard within eight minutes', () => {
    const presence = new ClusterPresence();
    presence.record('default', seen(0), false);
    expect(presence.mayBackUp('default', 8 * MINUTE - 1).kind).toBe('granted');
    expect(presence.mayBackUp('default', 8 * MINUTE).kind).toBe('pending');
  });

  it('do not let backups run once this one could not show for eight minutes that it lives', () => {
    const presence = new ClusterPresence();
    presence.fail('default', 'Timeout', 0);
    presence.fail('default', 'AccessDenied', 7 * MINUTE);
    expect(presence.mayBackUp('default', 7 * MINUTE).kind).toBe('pending');
    const late = presence.mayBackUp('default', 8 * MINUTE);
    expect(late.kind === 'refused' ? late.message : late.kind).toContain('AccessDenied');
  });

  it('do not let backups run for longer than eight minutes after the last sign, whenever the first failed', () => {
    const presence = new ClusterPresence();
    presence.record('default', seen(0), false);
    presence.fail('default', 'Timeout', 3 * MINUTE);
    expect(presence.mayBackUp('default', 8 * MINUTE - 1).kind).toBe('granted');
    expect(presence.mayBackUp('default', 8 * MINUTE).kind).toBe('refused');
  });

  it('do not give a new controller further time where the store knows when this cluster was last heard', () => {
    const presence = new ClusterPresence();
    presence.fail('default', 'AccessDenied', 0, -9 * MINUTE);
    expect(presence.mayBackUp('default', 0).kind).toBe('refused');
  });

  it('tell at once when backups must stop, and when they may go on, and nothing between', () => {
    const presence = new ClusterPresence();
    const told: string[] = [];
    const end = presence.follow((name) => told.push(`${name} ${presence.mayBackUp(name, now).kind}`));
    let now = 0;
    presence.record('default', seen(now), false);
    for (now = MINUTE; now <= 10 * MINUTE; now += MINUTE) presence.fail('default', 'Timeout', now);
    presence.record('default', seen(now), false);
    expect(told).toEqual(['default granted', 'default refused', 'default granted']);
    end();
    presence.forget('default');
    presence.record('default', seen(now), false);
    expect(told).toHaveLength(3);
  });

  it("are as old as the store's clock says, whatever the clock of this one", () => {
    const presence = new ClusterPresence();
    presence.record('default', seen(0, [['them', STORE - 11 * MINUTE]]), false);
    expect(presence.signOfLife('default', 'them', MINUTE)).toMatchObject({ ageMilliseconds: 11 * MINUTE });
  });

  it('are certainly absent only when a look of late did not find them', () => {
    const presence = new ClusterPresence();
    presence.record('default', seen(0), false);
    expect(presence.signOfLife('default', 'them', MINUTE).kind).toBe('absent');
    expect(presence.signOfLife('default', 'them', 10 * MINUTE).kind).toBe('unknown');
  });

  it('are unknown until the destination was asked', () => {
    expect(new ClusterPresence().signOfLife('default', 'them', 0).kind).toBe('unknown');
  });

  it('hold a double of this one only once it has written twice, and until it was quiet for four looks', () => {
    const presence = new ClusterPresence();
    presence.record('default', seen(0), true);
    expect(presence.hasDouble('default')).toBe(false);
    presence.record('default', seen(MINUTE), true);
    expect(presence.mayBackUp('default', MINUTE).kind).toBe('refused');
    for (let look = 2; look < 5; look += 1) presence.record('default', seen(look * MINUTE), false);
    expect(presence.hasDouble('default')).toBe(true);
    presence.record('default', seen(5 * MINUTE), false);
    expect(presence.mayBackUp('default', 5 * MINUTE).kind).toBe('granted');
  });
});
