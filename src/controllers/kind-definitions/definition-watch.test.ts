import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { customResourceDefinition } from '../../api/crd.ts';
import { kindDefinitions } from '../../api/kinds.ts';
import { KubeError } from '../../kube/client/errors.ts';
import { FakeClock } from '#doubles/kube/fake-clock.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../../kube/model/kind.ts';
import { DefinitionWatch } from './definition-watch.ts';

type Answer = 'present' | 'outdated' | 'missing' | 'silence';

let clock: FakeClock;
let answer: Answer;
let lost: number;
let watch: DefinitionWatch;

const server = { uid: 'u', creationTimestamp: '2030-01-01T00:00:00Z' };

function definitionOf(name: string, fieldLeftOut: string | undefined): unknown {
  const written = kindDefinitions.map(customResourceDefinition).map((one) => JSON.stringify(one));
  const text = written.find((one) => one.includes(`"name":"${name}"`)) ?? '{}';
  return JSON.parse(text, (key, value: unknown) => {
    if (key === 'metadata' && typeof value === 'object') return { ...server, ...value };
    return key === fieldLeftOut ? undefined : value;
  });
}

const client = {
  get: async <T extends KubeObject>(kind: ResourceKind<T>, { name }: ObjectRef): Promise<T | undefined> => {
    const subject = { verb: 'get', resource: kind.plural, name };
    if (answer === 'silence') throw new KubeError(subject, { code: 503, reason: 'Unavailable', detail: 'later' });
    if (answer === 'missing') return undefined;
    return kind.parse(definitionOf(name, answer === 'outdated' ? 'clearedPrime' : undefined));
  },
};

beforeEach(async () => {
  clock = new FakeClock();
  lost = 0;
  watch = new DefinitionWatch({ client, logger: pino({ level: 'silent' }), clock, onLost: () => (lost += 1) });
  onTestFinished(() => watch.stop());
});

async function begin(first: Answer): Promise<void> {
  answer = first;
  watch.start();
  await clock.advance(0);
}

async function change(next: Answer): Promise<void> {
  answer = next;
  await clock.advance(60_000);
}

describe('a watch of the definitions', () => {
  it('is content with those that this program would write', async () => {
    expect(watch.problem).toContain('not looked at yet');
    await begin('present');
    expect(watch.problem).toBeUndefined();
    await watch.good();
  });

  it.each([
    ['outdated', 'volumerestores.rebound.dev lacks status.clearedPrime'],
    ['missing', 'backupdestinations.rebound.dev is missing; backuppolicies.rebound.dev is missing'],
    ['silence', 'nobody knows'],
  ] as const)('tells that they are %s, and goes on once they are good', async (first, words) => {
    await begin(first);
    expect(watch.problem).toContain(words);
    expect(watch.problem).toContain('kubectl apply -k manifests/');
    await change('present');
    expect(watch.problem).toBeUndefined();
    expect(lost).toBe(0);
  });

  it('has the process end when good ones are replaced by older ones', async () => {
    await begin('present');
    await change('outdated');
    expect(lost).toBe(1);
  });

  it('goes on with good ones while the API server says nothing', async () => {
    await begin('present');
    await change('silence');
    expect(watch.problem).toBeUndefined();
    expect(lost).toBe(0);
  });
});
