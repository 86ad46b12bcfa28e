import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ClaimWebhook,
  type FloorBinding,
  type FloorPolicy,
  type GuardFacts,
  judgeGuard,
} from './admission-guard.ts';

const read = (path: string): unknown[] => loadAll(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const of = <T>(schema: z.ZodType<T>, path: string): T => {
  const found = read(path).map((one) => schema.safeParse(one));
  const [parsed] = found.filter((one) => one.success);
  if (parsed === undefined) throw new Error(`nothing of that kind in ${path}`);
  return parsed.data;
};

const floor = 'policies/no-undecided-claims.yaml';
const policy = of(
  z.object({ kind: z.literal('ValidatingAdmissionPolicy'), spec: z.custom<FloorPolicy>() }),
  floor,
).spec;
const binding = of(
  z.object({ kind: z.literal('ValidatingAdmissionPolicyBinding'), spec: z.custom<FloorBinding>() }),
  floor,
).spec;
const [webhook] = of(
  z.object({ webhooks: z.array(z.custom<ClaimWebhook>()) }),
  'manifests/webhook/mutating-webhook-configuration.yaml',
).webhooks;
const shipped: GuardFacts = { policy, binding, webhook };

const reasonOf = (facts: GuardFacts): string => {
  const verdict = judgeGuard(facts);
  return verdict.guarded ? 'Guarded' : verdict.reason;
};

describe('judgeGuard', () => {
  it('invariant 1: is content with what is shipped', () => {
    expect(judgeGuard(shipped)).toEqual({ guarded: true });
  });

  it('invariant 1: notices what is missing, the floor first', () => {
    expect(reasonOf({ ...shipped, policy: undefined })).toBe('FloorMissing');
    expect(reasonOf({ ...shipped, binding: undefined })).toBe('FloorMissing');
    expect(reasonOf({ ...shipped, webhook: undefined })).toBe('WebhookMissing');
    expect(reasonOf({ policy: undefined, binding: undefined, webhook: undefined })).toBe('FloorMissing');
  });

  const constraints = policy.matchConstraints ?? {};
  it.each<[string, FloorPolicy]>([
    ['lets pass what it cannot evaluate', { ...policy, failurePolicy: 'Ignore' }],
    ['takes a parameter', { ...policy, paramKind: { kind: 'ConfigMap' } }],
    ['never refuses', { ...policy, validations: [{ expression: 'true' }] }],
    ['has one more condition', { ...policy, matchConditions: [{ name: 'x', expression: 'false' }] }],
    ['has exceptions', { ...policy, matchConstraints: { ...constraints, excludeResourceRules: [{}] } }],
    ['asks about nothing', { ...policy, matchConstraints: { ...constraints, resourceRules: [] } }],
    [
      'asks about some claims',
      { ...policy, matchConstraints: { ...constraints, objectSelector: { matchLabels: { a: 'b' } } } },
    ],
    [
      'leaves a namespace out',
      {
        ...policy,
        matchConstraints: {
          ...constraints,
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }],
          },
        },
      },
    ],
  ])('invariant 1: notices a policy that %s', (_, altered) => {
    expect(reasonOf({ ...shipped, policy: altered })).toBe('FloorAltered');
  });

  it.each<[string, FloorBinding]>([
    ['only warns', { ...binding, validationActions: ['Warn', 'Audit'] }],
    ['binds another policy', { ...binding, policyName: 'other' }],
    ['is narrowed', { ...binding, matchResources: { namespaceSelector: {} } }],
  ])('invariant 1: notices a binding that %s', (_, altered) => {
    expect(reasonOf({ ...shipped, binding: altered })).toBe('FloorAltered');
  });

  it('invariant 1: notices a webhook that is asked about fewer claims', () => {
    expect(reasonOf({ ...shipped, webhook: { ...webhook, rules: [] } })).toBe('WebhookAltered');
    expect(reasonOf({ ...shipped, webhook: { ...webhook, matchConditions: [{}] } })).toBe('WebhookAltered');
    const objectSelector = { matchExpressions: [{ key: 'backup', operator: 'In', values: ['hourly'] }] };
    expect(reasonOf({ ...shipped, webhook: { ...webhook, objectSelector } })).toBe('WebhookAltered');
  });

  it('takes what asks about more for as good', () => {
    const wide = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
    expect(reasonOf({ policy, binding, webhook: { rules: [wide] } })).toBe('Guarded');
    expect(reasonOf({ policy, binding: { ...binding, validationActions: ['Deny', 'Audit'] }, webhook })).toBe(
      'Guarded',
    );
  });
});
