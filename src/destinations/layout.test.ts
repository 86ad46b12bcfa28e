import { describe, expect, it } from 'vitest';
import { claimRecordKey, earlierClaimRecordKey, repositoryPath } from './layout.ts';

describe('repositoryPath and claimRecordKey', () => {
  it('are made of namespace and claim', () => {
    expect(repositoryPath({ namespace: 'shop', claim: 'data-db-0' })).toBe('shop/data-db-0');
    expect(claimRecordKey({ namespace: 'shop', claim: 'a.b' })).toBe('.rebound/claims/shop/a.b.json');
    expect(earlierClaimRecordKey({ namespace: 'shop', claim: 'a.b' })).toBe('.rebound/claims-before/shop/a.b.json');
    expect(repositoryPath({ namespace: 'n'.repeat(63), claim: 'c'.repeat(253) })).toHaveLength(317);
  });

  it.each([
    ['shop', ''],
    ['', 'db'],
    ['shop', '..'],
    ['..', 'db'],
    ['.rebound', 'db'],
    ['shop', 'a/b'],
    ['shop', 'a\n'],
    ['shop', 'A'],
    ['a.b', 'db'],
    ['shop', 'c'.repeat(254)],
  ])('refuse %j / %j', (namespace, claim) => {
    expect(() => repositoryPath({ namespace, claim })).toThrow(RangeError);
    expect(() => claimRecordKey({ namespace, claim })).toThrow(RangeError);
  });
});
