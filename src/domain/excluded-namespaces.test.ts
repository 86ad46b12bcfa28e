import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXCLUDED_NAMESPACES } from './excluded-namespaces.ts';

describe('EXCLUDED_NAMESPACES', () => {
  it.each([
    'manifests/webhook/mutating-webhook-configuration.yaml',
    'policies/no-undecided-claims.yaml',
    'policies/kyverno/no-undecided-claims.yaml',
  ])('is what %s excludes', (path) => {
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    expect(text).toContain(`values: [${EXCLUDED_NAMESPACES.join(', ')}]`);
  });
});
