import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

const halfBytes = 32;

/** A key pair of Standard Webhooks 1.0: what a sender signs with, and what its receivers check with. */
export interface KeyPair {
  /** `whsk_…`: kept secret by the sender. */
  readonly privateKey: string;
  /** `whpk_…`: for everybody. */
  readonly publicKey: string;
}

/**
 * Makes a key pair for signatures that receivers check without a secret (`v1a`, Ed25519).
 *
 * @example
 * const { privateKey, publicKey } = newKeyPair()
 * const plugin = standardWebhooks({ secret: privateKey })
 */
export function newKeyPair(): KeyPair {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [secret, open] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return {
    privateKey: `whsk_${Buffer.concat([secret, open]).toString('base64')}`,
    publicKey: `whpk_${open.toString('base64')}`,
  };
}

/** Reads a `whsk_…`, which is the base64 of its secret half and of its public one; null when it is none. */
export function readPrivateKey(text: string): KeyObject | null {
  const encoded = text.slice('whsk_'.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 2 * halfBytes || bytes.toString('base64') !== encoded) return null;
  const half = (from: number): string => bytes.subarray(from, from + halfBytes).toString('base64url');
  const [d, x] = [half(0), half(halfBytes)];
  try {
    const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
    // Signing with one half and publishing another would make every signature a wrong one, or give the secret half away.
    return createPublicKey(key).export({ format: 'jwk' }).x === x ? key : null;
  } catch {
    return null;
  }
}
