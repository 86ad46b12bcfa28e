import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { poly1305 } from '@noble/ciphers/_poly1305.js';

/** The keys of a restic repository, or of one of its key files: AES-256 for the text, AES-128 and `r` for Poly1305-AES. */
export type SealKey = { readonly encrypt: Uint8Array; readonly macK: Uint8Array; readonly macR: Uint8Array };

const IV_BYTES = 16;
const MAC_BYTES = 16;

// Poly1305-AES: the one-time key is r (masked by the algorithm itself), then the nonce encrypted under k.
const macOf = (key: SealKey, nonce: Uint8Array, text: Uint8Array): Uint8Array => {
  const aes = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false);
  return poly1305(text, Buffer.concat([key.macR, aes.update(nonce)]));
};

/**
 * Seals a text for restic: `IV || ciphertext || MAC`. One key and one `iv` of 16 bytes must never seal two different texts.
 */
export const seal = (key: SealKey, iv: Uint8Array, plain: Uint8Array): Buffer => {
  const text = createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain);
  return Buffer.concat([iv, text, macOf(key, iv, text)]);
};

/**
 * Opens what restic sealed as `IV || ciphertext || MAC` (restic design, "Keys, Encryption and MAC"). The MAC is checked
 * before anything is decrypted; `undefined` when it does not fit: another key, or a changed text.
 */
export const openSealed = (key: SealKey, sealed: Uint8Array): Buffer | undefined => {
  if (sealed.length < IV_BYTES + MAC_BYTES) return undefined;
  const iv = sealed.subarray(0, IV_BYTES);
  const text = sealed.subarray(IV_BYTES, sealed.length - MAC_BYTES);
  const mac = sealed.subarray(sealed.length - MAC_BYTES);
  if (!timingSafeEqual(mac, macOf(key, iv, text))) return undefined;
  const aes = createDecipheriv('aes-256-ctr', key.encrypt, iv);
  return Buffer.concat([aes.update(text), aes.final()]);
};
