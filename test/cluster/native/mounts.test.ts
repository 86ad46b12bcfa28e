import { describe, expect, it } from 'vitest';

import { mountsBelow } from './mounts.ts';

describe('mountsBelow', () => {
  it('lists mounts in a folder, the last first, and not those of a folder with a longer name', () => {
    const mountinfo = [
      '22 1 254:0 / / rw - ext4 /dev/vda rw',
      '30 22 254:0 /a /state/kubelet/a rw shared:1 - ext4 /dev/vda rw',
      '31 22 0:50 / /state/with\\040blank rw - tmpfs tmpfs rw',
      '32 22 0:51 / /state-of-others/x rw - tmpfs tmpfs rw',
    ].join('\n');
    expect(mountsBelow(mountinfo, '/state')).toEqual(['/state/with blank', '/state/kubelet/a']);
  });
});
