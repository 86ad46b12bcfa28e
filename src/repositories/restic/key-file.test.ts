import { describe, expect, it } from 'vitest';
import { openKeyFile } from './key-file.ts';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };

const files = fixture.repositories.map(({ version, key, masterKey }) => ({
  version,
  masterKey,
  bytes: Buffer.from(key, 'base64'),
}));

const first = files[0]?.bytes ?? Buffer.alloc(0);

const changed = (change: Record<string, unknown>): Buffer => {
  const json: unknown = JSON.parse(first.toString());
  return Buffer.from(JSON.stringify(Object.assign({}, json, change)));
};

describe('openKeyFile', () => {
  it.each(files)("finds restic's master key (format $version)", async ({ bytes, masterKey }) => {
    const reading = await openKeyFile(bytes, fixture.password);
    expect(reading).toEqual({
      kind: 'opened',
      key: {
        encrypt: new Uint8Array(Buffer.from(masterKey.encrypt, 'base64')),
        macK: new Uint8Array(Buffer.from(masterKey.mac.k, 'base64')),
        macR: new Uint8Array(Buffer.from(masterKey.mac.r, 'base64')),
      },
    });
  });

  it('keeps no more memory than the key has', async () => {
    const reading = await openKeyFile(first, fixture.password);
    if (reading.kind !== 'opened') expect.unreachable(reading.kind);
    const { encrypt, macK, macR } = reading.key;
    expect([encrypt, macK, macR].map((part) => part.buffer.byteLength)).toEqual([32, 16, 16]);
  });

  it('tells a wrong password', async () => {
    expect(await openKeyFile(first, 'wrong horse')).toEqual({ kind: 'wrong-password' });
  });

  it('opens a key made on a busy machine, where restic measures a small N and a large p', async () => {
    const busy = changed({ N: 1024, r: 8, p: 105 });
    // The fixture's key was derived with other numbers: derived it is, and the password does not fit.
    expect(await openKeyFile(busy, fixture.password)).toEqual({ kind: 'wrong-password' });
  });

  it.each([
    ['no JSON', Buffer.from('<html>')],
    ['another key derivation', changed({ kdf: 'argon2id' })],
    ['an N that is no power of two', changed({ N: 32_769 })],
    ['an N that would take the memory', changed({ N: 2 ** 30 })],
    ['a p that would take the CPU', changed({ p: 1_000_000 })],
    ['a p that would take the memory', changed({ N: 2, p: 2 ** 20 })],
    ['a broken salt', changed({ salt: '!' })],
  ])('refuses %s without deriving anything', async (_, bytes) => {
    expect(await openKeyFile(bytes, fixture.password)).toMatchObject({ kind: 'damaged' });
  });

  it('leaves the event loop free while it derives', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await openKeyFile(first, fixture.password);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
