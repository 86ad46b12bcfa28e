import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../destination.ts';
import { createS3Destination } from './s3-destination.ts';

const limits = { timeoutMilliseconds: 2_000 };

let destination: Destination;

beforeEach(() => {
  const settings = {
    // Nothing listens there.
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    bucket: 'backups',
    prefix: '',
    forcePathStyle: true,
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  };
  destination = createS3Destination(settings, { expectedIdentity: undefined });
});
afterEach(() => destination.close());

describe('createS3Destination', () => {
  it('invariant 2: is soon not asked any more while it does not answer, and stays unknown', async () => {
    const first = await destination.identity(limits);
    expect(first).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    for (let call = 0; call < 4; call += 1) await destination.identity(limits);
    const refused = await destination.identity(limits);
    expect(refused).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    expect(refused).toHaveProperty('message', expect.stringContaining('has not answered the last calls'));
    expect(first).not.toEqual(refused);
  });
});
