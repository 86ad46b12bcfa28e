import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseMoverUser, type PodSecurityFacts } from './mover-user.ts';

const podOf = (name: string, facts: Partial<PodSecurityFacts>): PodSecurityFacts => ({
  name,
  pod: {},
  containers: [],
  ...facts,
});

describe('chooseMoverUser', () => {
  it.each([
    ['999', { runAsUser: 999 }],
    ['999:998', { runAsUser: 999, runAsGroup: 998 }],
    ['0:0:5', { runAsUser: 0, runAsGroup: 0, fsGroup: 5 }],
  ])('takes the annotation "%s" before anything else', (annotation, user) => {
    const pods = [podOf('a', { pod: { runAsUser: 1 } })];
    expect(chooseMoverUser({ annotation, pods, remembered: { runAsUser: 2 } })).toEqual({
      ok: true,
      source: 'annotation',
      user,
    });
  });

  it.each(['', 'root', '-1', '1:', '1:2:3:4', ' 1', '1.5', '2147483648', '1:99999999999', '1\n'])(
    'refuses the annotation %j, and says what it takes',
    (annotation) => {
      const choice = chooseMoverUser({ annotation, pods: [] });
      expect(choice).toMatchObject({ ok: false });
      expect(choice).toHaveProperty('message', expect.stringContaining('it takes "<uid>"'));
    },
  );

  it("takes a container's user before its pod's, and the pod's fsGroup", () => {
    const pod = podOf('a', {
      pod: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
      containers: [{}, { runAsUser: 999 }],
    });
    expect(chooseMoverUser({ pods: [pod] })).toEqual({
      ok: true,
      source: 'pods',
      user: { runAsUser: 999, runAsGroup: 1000, fsGroup: 2000 },
    });
  });

  it('keeps user 0: it is not "none"', () => {
    const pod = podOf('a', { pod: { runAsUser: 1000 }, containers: [{ runAsUser: 0 }] });
    expect(chooseMoverUser({ pods: [pod] })).toMatchObject({ user: { runAsUser: 0 } });
  });

  it('remembers when the pods say nothing, and leaves it to the engine when nobody does', () => {
    const pods = [podOf('a', { containers: [{}] })];
    expect(chooseMoverUser({ pods, remembered: { runAsUser: 7 } })).toEqual({
      ok: true,
      source: 'remembered',
      user: { runAsUser: 7 },
    });
    expect(chooseMoverUser({ pods, remembered: {} })).toEqual({ ok: true, source: 'engine', user: {} });
  });

  it('chooses the same whatever order the pods come in', () => {
    const pod = fc.record({
      name: fc.stringMatching(/^[a-z]{1,3}$/),
      pod: fc.record({ runAsUser: fc.nat(), fsGroup: fc.nat() }, { requiredKeys: [] }),
      containers: fc.array(fc.record({ runAsUser: fc.nat(), runAsGroup: fc.nat() }, { requiredKeys: [] }), {
        maxLength: 2,
      }),
    });
    const pods = fc.uniqueArray(pod, { selector: (one) => one.name, maxLength: 4 });
    fc.assert(
      fc.property(pods, (some) => {
        expect(chooseMoverUser({ pods: some.toReversed() })).toEqual(chooseMoverUser({ pods: some }));
      }),
    );
  });
});
