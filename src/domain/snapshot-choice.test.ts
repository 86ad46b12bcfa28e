import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChoiceFacts, ChoiceStep, LedgerFact, LedgerWords } from './choice-facts.ts';
import { chooseSnapshot } from './snapshot-choice.ts';
import { isNewer, newestOf, type SnapshotFacts } from './snapshot-facts.ts';

const HOUR = 3_600_000;
const start = Date.UTC(2026, 0, 1);
/** Taken so many hours after the start; the digit names it. */
const at = (hours: number, digit: string): SnapshotFacts => ({
  id: digit.repeat(64),
  timeMilliseconds: start + hours * HOUR,
});
const good = at(10, 'a');
const next = at(11, 'b');
const afterNext = at(11.4, 'c');
const muchLater = at(12, 'd');

const words = (goods: readonly SnapshotFacts[], bad: LedgerWords['bad'] = new Map()): LedgerFact => ({
  kind: 'record',
  words: { good: goods, bad },
});
const partial = (...ones: readonly SnapshotFacts[]): LedgerWords['bad'] =>
  new Map(ones.map(({ id }) => [id, 'partial' as const]));

const choose = (facts: Partial<ChoiceFacts<SnapshotFacts>>): ChoiceStep<SnapshotFacts> =>
  chooseSnapshot({
    snapshots: [good],
    damaged: [],
    ledger: words([good]),
    intervalSeconds: 3_600,
    request: { kind: 'latest' },
    unvouched: 'Hold',
    ...facts,
  });

const compared = (unvouched: SnapshotFacts, answer: 'lacksNothing' | 'lacksSome' | 'unknown', lackedPath?: string) => ({
  vouchedId: good.id,
  unvouchedId: unvouched.id,
  answer,
  lackedPath,
});

describe('the latest snapshot', () => {
  it('is the newest good one where nothing is newer', () => {
    const older = at(9, '9');
    const choice = choose({ snapshots: [good, older], ledger: words([good, older]) });
    expect(choice).toEqual({ kind: 'chosen', snapshot: good });
  });

  it('is the newest good one, with a warning, where all newer ones are bad and hardly younger', () => {
    const snapshots = [good, next, at(11.5, 'e')];
    const choice = choose({ snapshots, ledger: words([good], partial(...snapshots.slice(1))) });
    expect(choice).toMatchObject({
      kind: 'chosen',
      snapshot: good,
      note: { kind: 'OlderRestored', newerId: 'e'.repeat(64) },
    });
    const message = choice.kind === 'chosen' ? choice.note?.message : '';
    expect(message).toContain('newer snapshot eeeeeeee of 2026-01-01T11:30:00.000Z is partial');
    expect(message).toContain('rebound.dev/accept-restore: "aaaaaaaa"');
    expect(message).toContain('rebound.dev/restore: "eeeeeeee"');
  });

  it('invariant 11: of a collapse that nobody answered is not taken either', () => {
    const choice = choose({ snapshots: [good, next], ledger: words([good], new Map([[next.id, 'collapsed']])) });
    expect(choice).toMatchObject({ kind: 'chosen', snapshot: good, note: { kind: 'OlderRestored' } });
  });

  it('is a question where all newer ones are bad and one is much younger', () => {
    const choice = choose({ snapshots: [good, next, muchLater], ledger: words([good], partial(next, muchLater)) });
    expect(choice).toMatchObject({
      kind: 'hold',
      reason: 'NewerSnapshotsBad',
      isQuestion: true,
      newerId: muchLater.id,
    });
    const message = choice.kind === 'hold' ? choice.message : '';
    expect(message).toContain('aaaaaaaa of 2026-01-01T10:00:00.000Z');
    expect(message).toContain('dddddddd of 2026-01-01T12:00:00.000Z');
    expect(message).toContain('set annotation rebound.dev/restore on the claim: "aaaaaaaa", "dddddddd", or "newest"');
  });

  it('hangs on a comparison where the newest is unvouched', () => {
    const choice = choose({ snapshots: [good, next, afterNext] });
    expect(choice).toEqual({ kind: 'compareTrees', vouched: good, unvouched: afterNext });
    const another = choose({ snapshots: [good, next], comparison: compared(afterNext, 'lacksNothing') });
    expect(another.kind).toBe('compareTrees');
  });

  it('is an unvouched one that lacks nothing, however young, and is told', () => {
    const snapshots = [good, next, muchLater];
    const choice = choose({ snapshots, comparison: compared(muchLater, 'lacksNothing') });
    expect(choice).toMatchObject({ kind: 'chosen', snapshot: muchLater, note: { kind: 'notice' } });
  });

  it('is an unvouched one that lacks nothing, with a warning, where a bad one is newer still', () => {
    const ledger = words([good], partial(afterNext));
    const choice = choose({ snapshots: [good, next, afterNext], ledger, comparison: compared(next, 'lacksNothing') });
    expect(choice).toMatchObject({
      kind: 'chosen',
      snapshot: next,
      note: { kind: 'OlderRestored', newerId: afterNext.id },
    });
  });

  it.each(['lacksSome', 'unknown'] as const)(
    'invariant 11: is the good one, with a warning, where the only unvouched one is hardly younger (%s)',
    (answer) => {
      const choice = choose({ snapshots: [good, next], comparison: compared(next, answer, 'documents/a.txt') });
      expect(choice).toMatchObject({
        kind: 'chosen',
        snapshot: good,
        note: { kind: 'OlderRestored', newerId: next.id },
      });
      const message = choice.kind === 'chosen' ? (choice.note?.message ?? '') : '';
      expect(message).toContain(answer === 'unknown' ? 'could not be found out' : 'it lacks documents/a.txt');
    },
  );

  it.each([
    ['much younger', [good, muchLater], muchLater],
    ['not the only one', [good, next, afterNext], afterNext],
  ])('is a question where an unvouched one that may lack something is %s', (_, snapshots, newest) => {
    const choice = choose({ snapshots, comparison: compared(newest, 'lacksSome') });
    expect(choice).toMatchObject({ kind: 'hold', reason: 'UnvouchedSnapshot', isQuestion: true, newerId: newest.id });
  });

  it('is a question where nothing is good', () => {
    const ledgers: readonly [LedgerFact, string][] = [
      [words([], partial(next)), 'calls no snapshot good'],
      [{ kind: 'absent' }, 'has no record of this claim'],
      [{ kind: 'corrupt' }, 'cannot be understood'],
    ];
    for (const [ledger, said] of ledgers) {
      const choice = choose({ snapshots: [good, next], ledger });
      expect(choice).toMatchObject({ kind: 'hold', reason: 'UnvouchedSnapshot', isQuestion: true, newerId: next.id });
      const message = choice.kind === 'hold' ? choice.message : '';
      expect(message).toContain(said);
      expect(message).toContain('"bbbbbbbb", or "newest"');
    }
  });

  it('is the newest good one that is listed, with a warning, where a hardly younger good one is gone', () => {
    const choice = choose({ snapshots: [good], ledger: words([good, next]) });
    expect(choice).toMatchObject({ kind: 'chosen', snapshot: good, note: { kind: 'OlderRestored', newerId: next.id } });
    const message = choice.kind === 'chosen' ? (choice.note?.message ?? '') : '';
    expect(message).toContain('is not in the repository');
    expect(message).toContain('mend the repository');
  });

  it.each([
    ['a much younger good one', [good], [good, muchLater]],
    ['every good one', [at(9, '9')], [good]],
  ])('is a question where %s is gone', (_, snapshots, goods) => {
    const choice = choose({ snapshots, ledger: words(goods) });
    expect(choice).toMatchObject({ kind: 'hold', reason: 'GoodSnapshotMissing', isQuestion: true });
  });

  it('invariant 2: waits where the ledger cannot be read now', () => {
    const ledger: LedgerFact = { kind: 'unreadable', reason: 'Timeout', message: 'no answer' };
    const choice = choose({ ledger });
    expect(choice).toEqual({ kind: 'hold', reason: 'Timeout', message: 'no answer', isQuestion: false });
  });

  it('is an unvouched one, with a warning, where the policy takes those, and never a bad one', () => {
    const snapshots = [good, next, muchLater];
    const ledger = words([good], partial(muchLater));
    expect(choose({ snapshots, ledger: { kind: 'absent' }, unvouched: 'Take' })).toMatchObject({
      snapshot: muchLater,
      note: { kind: 'warning' },
    });
    expect(choose({ snapshots, ledger, unvouched: 'Take' })).toMatchObject({
      snapshot: next,
      note: { kind: 'OlderRestored', newerId: muchLater.id },
    });
  });

  it('counts a weekly tier by 36 hours', () => {
    const facts = { intervalSeconds: 7 * 86_400, ledger: words([good], partial(at(46, 'e'), at(46.1, 'f'))) };
    expect(choose({ ...facts, snapshots: [good, at(46, 'e')] })).toMatchObject({ kind: 'chosen', snapshot: good });
    expect(choose({ ...facts, snapshots: [good, at(46.1, 'f')] })).toMatchObject({ kind: 'hold' });
  });
});

describe('a snapshot that cannot be read', () => {
  const damaged = [{ id: 'e'.repeat(64), message: "snapshot e can't be used" }];

  it('stands in the way of one that the ledger does not know as the newest good one', () => {
    const choice = choose({ damaged, ledger: { kind: 'absent' } });
    expect(choice).toMatchObject({ kind: 'hold', reason: 'DamagedSnapshot', isQuestion: false });
    expect(choose({ damaged, ledger: words([good, at(11, 'e')]) })).toMatchObject({ reason: 'DamagedSnapshot' });
    expect(choose({ damaged, request: { kind: 'newest' }, ledger: words([]) })).toMatchObject({
      reason: 'DamagedSnapshot',
    });
  });

  it('is told beside the newest good one', () => {
    const choice = choose({ damaged });
    expect(choice).toMatchObject({
      kind: 'chosen',
      snapshot: good,
      note: { kind: 'OlderRestored', newerId: damaged[0]?.id },
    });
  });

  it('does not matter where the ledger knows it as an older one', () => {
    expect(choose({ damaged, ledger: words([good, at(9, 'e')]) })).toEqual({ kind: 'chosen', snapshot: good });
  });
});

describe('a snapshot that is asked for', () => {
  const snapshots = [at(9, '9'), good, next];

  it('is that one, whatever the ledger says or cannot say', () => {
    const ledger: LedgerFact = { kind: 'unreadable', reason: 'Timeout', message: 'no answer' };
    const byId = { kind: 'snapshot', id: 'aaaaaaaa' } as const;
    expect(choose({ snapshots, ledger, request: { kind: 'newest' } })).toEqual({ kind: 'chosen', snapshot: next });
    expect(choose({ snapshots, ledger, request: byId })).toEqual({ kind: 'chosen', snapshot: good });
  });

  it('is warned of where a newer good one is there', () => {
    const request = { kind: 'asOf', timeMilliseconds: start + 9.5 * HOUR } as const;
    const choice = choose({ snapshots, request });
    expect(choice).toMatchObject({
      kind: 'chosen',
      snapshot: snapshots[0],
      note: { kind: 'warning', newerId: good.id },
    });
  });

  it('is warned of where the ledger knows that it is not whole', () => {
    const choice = choose({ snapshots, request: { kind: 'newest' }, ledger: words([good], partial(next)) });
    expect(choice).toMatchObject({ kind: 'chosen', snapshot: next, note: { kind: 'warning' } });
    expect(choice.kind === 'chosen' && choice.note?.message).toContain('The ledger calls it partial.');
  });

  it('is waited for where it is not there', () => {
    const choice = choose({ snapshots, request: { kind: 'snapshot', id: 'ffffffff' } });
    expect(choice).toMatchObject({ kind: 'hold', reason: 'NoMatchingSnapshot', isQuestion: false });
  });
});

describe('the choice of the latest, whatever there is', () => {
  const snapshot = fc
    .record({ id: fc.stringMatching(/^[0-9a-f]{64}$/), timeMilliseconds: fc.nat({ max: 12 }) })
    .map(({ id, timeMilliseconds }) => ({ id, timeMilliseconds: start + timeMilliseconds * (HOUR / 2) }));
  const many = fc.uniqueArray(
    fc.record({ snapshot, standing: fc.constantFrom('good', 'partial', 'unvouched'), isListed: fc.boolean() }),
    { selector: (one) => one.snapshot.id, minLength: 1, maxLength: 6 },
  );
  type Many = typeof many extends fc.Arbitrary<infer T> ? T : never;
  const factsOf = (
    all: Many,
    answer: 'lacksNothing' | 'lacksSome',
  ): ((facts?: object) => ChoiceStep<SnapshotFacts>) => {
    const of = (standing: string) => all.filter((one) => one.standing === standing).map((one) => one.snapshot);
    const facts: Partial<ChoiceFacts<SnapshotFacts>> = {
      snapshots: all.filter((one) => one.isListed).map((one) => one.snapshot),
      ledger: words(of('good'), partial(...of('partial'))),
    };
    return (more = {}) => {
      const step = choose({ ...facts, ...more });
      if (step.kind !== 'compareTrees') return step;
      const comparison = { vouchedId: step.vouched.id, unvouchedId: step.unvouched.id, answer };
      return choose({ ...facts, ...more, comparison });
    };
  };
  const answers = fc.constantFrom('lacksNothing' as const, 'lacksSome' as const);

  it('invariant 11: is never a bad one, and never one that is unvouched and lacks something', () => {
    fc.assert(
      fc.property(many, answers, (all, answer) => {
        const choice = factsOf(all, answer)();
        if (choice.kind !== 'chosen') return;
        const { standing } = all.find((one) => one.snapshot.id === choice.snapshot.id) ?? expect.unreachable();
        expect(standing).not.toBe('partial');
        if (standing === 'unvouched') expect(answer).toBe('lacksNothing');
      }),
    );
  });

  it('is never more than a step older than the newest good one, and says so when it is older than any', () => {
    fc.assert(
      fc.property(many, answers, (all, answer) => {
        const choice = factsOf(all, answer)();
        if (choice.kind !== 'chosen') return;
        const newestGood = newestOf(all.filter((one) => one.standing === 'good').map((one) => one.snapshot));
        const age = (newestGood?.timeMilliseconds ?? 0) - choice.snapshot.timeMilliseconds;
        expect(age).toBeLessThanOrEqual(1.5 * HOUR);
        const isNewest = !all.some((one) => one.isListed && isNewer(one.snapshot, choice.snapshot));
        if (!isNewest) expect(choice.note?.kind).toBe('OlderRestored');
      }),
    );
  });

  it('does not hang on the order in which snapshots are listed', () => {
    fc.assert(
      fc.property(many, answers, (all, answer) => {
        expect(factsOf(all.toReversed(), answer)()).toEqual(factsOf(all, answer)());
      }),
    );
  });

  it('invariant 2: is none without a ledger that can be read', () => {
    fc.assert(
      fc.property(many, answers, (all, answer) => {
        const ledger: LedgerFact = { kind: 'unreadable', reason: 'Timeout', message: 'no answer' };
        expect(factsOf(all, answer)({ ledger }).kind).toBe('hold');
      }),
    );
  });

  it('does not become a question because the ledger calls one more good that is there', () => {
    fc.assert(
      fc.property(many, fc.nat(), (all, index) => {
        const before = factsOf(all, 'lacksSome')();
        const lifted = all.map((one, at) =>
          at === index % all.length && one.isListed ? { ...one, standing: 'good' as const } : one,
        );
        const after = factsOf(lifted, 'lacksSome')();
        if (before.kind === 'chosen') expect(after.kind).toBe('chosen');
      }),
    );
  });
});
