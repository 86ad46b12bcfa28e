import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StringPool } from './string-pool.ts';

describe('StringPool', () => {
  it('changes nothing that can be seen', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.integer({ min: 1, max: 5 }), (texts, capacity) => {
        const pool = new StringPool(capacity);
        for (const text of texts) {
          const value: unknown = JSON.parse(text);
          pool.shareAll(value);
          expect(value).toEqual(JSON.parse(text));
        }
      }),
    );
  });

  it('takes what is no object', () => {
    const pool = new StringPool();
    for (const value of [undefined, null, 'text', 1, true, [], ['a', ['a']]])
      expect(() => pool.shareAll(value)).not.toThrow();
  });

  it('returns an equal string, whatever it has forgotten', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        const pool = new StringPool(2);
        return texts.every((text) => pool.share(text) === text);
      }),
    );
  });
});
