import { describe, expect, it } from 'vitest';
import { repositoryPassword } from './repository-password.ts';

describe('repositoryPassword', () => {
  it('never changes: every repository out there was made with it', () => {
    expect(repositoryPassword('correct horse', 'shop')).toBe(
      '517d2f13eb2f99ed54c47ee047bde0142e8e3107a9ba7f0e6f5c1c7fc21b6ed4',
    );
  });

  it('differs by namespace and by master password', () => {
    const passwords = [
      repositoryPassword('a', 'shop'),
      repositoryPassword('a', 'shop2'),
      repositoryPassword('b', 'shop'),
    ];
    expect(new Set(passwords).size).toBe(3);
  });

  it('is not made of nothing', () => {
    expect(() => repositoryPassword('', 'shop')).toThrow('the master password is empty');
  });
});
