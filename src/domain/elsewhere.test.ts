import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideElsewhere, type ElsewhereAnswer } from './elsewhere.ts';

const now = Date.UTC(2030, 5, 30);
const daysAgo = (days: number): string => new Date(now - days * 86_400_000).toISOString();

const none = (destination: string): ElsewhereAnswer => ({ kind: 'none', destination });
const unknown = (destination: string): ElsewhereAnswer => ({
  kind: 'unknown',
  destination,
  reason: 'Timeout',
  message: 'no answer within 2000 ms',
});
const exists = (destination: string, lastGoodBackupTime?: string, foreignOwnerAlive = false): ElsewhereAnswer => ({
  kind: 'exists',
  destination,
  lastGoodBackupTime,
  foreignOwnerAlive,
});

const decide = (...answers: ElsewhereAnswer[]) => decideElsewhere({ own: 'here', answers, nowMilliseconds: now });

describe('decideElsewhere', () => {
  it('is none where there is no other destination', () => {
    expect(decide()).toEqual({ kind: 'none' });
  });

  it('is none where all others are certain that they hold none', () => {
    expect(decide(none('a'), none('b'))).toEqual({ kind: 'none' });
  });

  it('restores from the only one that holds backups, if they are young', () => {
    expect(decide(none('a'), exists('b', daysAgo(29)))).toEqual({ kind: 'restore', destination: 'b' });
  });

  it.each([
    ['they are old', [exists('b', daysAgo(30))], ['here', 'b', '30 days old']],
    ['nobody knows how old they are', [exists('b')], ['here', 'b', 'of an age that no ledger record tells']],
    ['a living cluster owns them', [exists('b', daysAgo(1), true)], ['here', 'b', 'another cluster, which is alive']],
    ['two destinations hold some', [exists('b', daysAgo(1)), exists('c', daysAgo(2))], ['here', 'b and c']],
  ])('holds, and names both, when %s', (_, answers, words) => {
    const decision = decide(...answers);
    expect(decision).toMatchObject({ kind: 'hold', reason: 'BackupElsewhere' });
    for (const word of [...words, 'consulted: false', 'rebound.dev/restore: none']) {
      expect(decision).toHaveProperty('message', expect.stringContaining(word));
    }
  });

  it('invariant 2: holds when another destination does not know, even if a third one holds a backup', () => {
    for (const decision of [decide(none('a'), unknown('b')), decide(exists('a', daysAgo(1)), unknown('b'))]) {
      expect(decision).toMatchObject({ kind: 'hold', reason: 'ElsewhereUnknown' });
      expect(decision).toHaveProperty('message', expect.stringContaining('b does is not known: Timeout'));
    }
  });

  it('invariant 2: only unanimous certainty is none, and only a lone young backup is restored', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const answer = fc.oneof(
      name.map(none),
      name.map(unknown),
      fc
        .tuple(name, fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }), fc.boolean())
        .map(([destination, days, alive]) =>
          exists(destination, days === undefined ? undefined : daysAgo(days), alive),
        ),
    );
    const distinct = fc.uniqueArray(answer, { selector: ({ destination }) => destination });
    fc.assert(
      fc.property(distinct, (answers) => {
        const decision = decide(...answers);
        expect(decision.kind === 'none').toBe(answers.every(({ kind }) => kind === 'none'));
        if (decision.kind !== 'restore') return;
        const [only, ...further] = answers.filter(({ kind }) => kind !== 'none');
        expect(further).toEqual([]);
        expect(only).toMatchObject({ kind: 'exists', destination: decision.destination, foreignOwnerAlive: false });
        const time = only?.kind === 'exists' ? only.lastGoodBackupTime : undefined;
        expect(now - Date.parse(time ?? '')).toBeLessThan(30 * 86_400_000);
      }),
    );
  });
});
