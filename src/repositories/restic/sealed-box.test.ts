import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };
import { openSealed } from './sealed-box.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const keys = fixture.repositories.map(({ version, masterKey, config }) => ({
  version,
  key: {
    encrypt: Buffer.from(masterKey.encrypt, 'base64'),
    macK: Buffer.from(masterKey.mac.k, 'base64'),
    macR: Buffer.from(masterKey.mac.r, 'base64'),
  },
  config: Buffer.from(config, 'base64'),
}));

// Appendix B of Bernstein's paper on Poly1305-AES (https://cr.yp.to/mac/poly1305-20050329.pdf).
describe('Poly1305-AES', () => {
  const vectors = [
    {
      text: 'f3f6',
      k: 'ec074c835580741701425b623235add6',
      r: '851fc40c3467ac0be05cc20404f3f700',
      nonce: 'fb447350c4e868c52ac3275cf9d4327e',
      tag: 'f4c633c3044fc145f84f335cb81953de',
    },
    {
      text: '',
      k: '75deaa25c09f208e1dc4ce6b5cad3fbf',
      r: 'a0f3080000f46400d0c7e9076c834403',
      nonce: '61ee09218d29b0aaed7e154a2c5509cc',
      tag: 'dd3fab2251f11ac759f0887129cc2ee7',
    },
    {
      text: '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
      k: '6acb5f61a7176dd320c5c1eb2edcdc74',
      r: '48443d0bb0d21109c89a100b5ce2c208',
      nonce: 'ae212a55399729595dea458bc621ff0e',
      tag: '0ee1c16bb73f0f4fd19881753c01cdbe',
    },
  ];

  it.each(vectors)('accepts the published tag of "$text"', ({ text, k, r, nonce, tag }) => {
    const key = { encrypt: Buffer.alloc(32), macK: hex(k), macR: hex(r) };
    const aes = createCipheriv('aes-256-ctr', key.encrypt, hex(nonce));
    expect(openSealed(key, hex(nonce + text + tag))).toEqual(aes.update(hex(text)));
  });
});

describe('openSealed', () => {
  it.each(keys)('opens what restic sealed (format $version)', ({ version, key, config }) => {
    expect(JSON.parse(openSealed(key, config)?.toString() ?? '')).toMatchObject({ version });
  });

  it.each(keys)('refuses any changed bit (format $version)', ({ key, config }) => {
    for (let bit = 0; bit < config.length * 8; bit += 1) {
      const changed = Buffer.from(config);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(openSealed(key, changed)).toBeUndefined();
    }
  });

  it.each(keys)('refuses anything shorter (format $version)', ({ key, config }) => {
    for (let end = 0; end < config.length; end += 1) expect(openSealed(key, config.subarray(0, end))).toBeUndefined();
  });

  it('refuses another key', () => {
    const [first, second] = keys;
    expect(openSealed(first?.key ?? expect.unreachable(), second?.config ?? expect.unreachable())).toBeUndefined();
  });
});
