// oxlint-disable-next-line no-unassigned-import -- what x509 is built with looks for it while it loads
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type Extension,
  type JsonGeneralNames,
} from '@peculiar/x509';

/** A certificate with its chain, and its key: PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says, where it is not what a good one would say. */
export interface CertificateWishes {
  /** Whose it is: `{ type: 'dns', value: '*.example.com' }`, `{ type: 'ip', value: '127.0.0.2' }`. */
  readonly names?: JsonGeneralNames;
  /** From when to when, in years from now. */
  readonly years?: readonly [from: number, to: number];
  /** For clients only. */
  readonly clientsOnly?: boolean;
  /** Whether it says that it is an authority, or that it is none; neither when left out. */
  readonly isAuthority?: boolean;
  /** Who signs it: `itself`, the name of another one that was made here, or the authority. */
  readonly by?: string;
}

/** A certificate authority of a test. */
export interface Authority {
  /** Its own certificate, for the option `tls.ca`. */
  readonly ca: string;
  readonly issue: (name: string, wishes?: CertificateWishes) => Promise<Certificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const year = 365 * 86_400_000;
const thisYear = [-1, 1] as const;

/** Makes an authority of its own, which nobody knows. */
export async function authority(): Promise<Authority> {
  const made = new Map<string, webcrypto.CryptoKeyPair>();
  let serial = 0;

  async function sign(
    name: string,
    keys: webcrypto.CryptoKeyPair,
    by: string,
    [from, to]: readonly [number, number],
    extensions: Extension[],
  ) {
    serial += 1;
    const signer = by === name ? keys : made.get(by);
    if (!signer) throw new Error(`Nothing called "${by}" was made here.`);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(16, '1'),
      subject: `CN=${name}`,
      issuer: `CN=${by}`,
      notBefore: new Date(Date.now() + from * year),
      notAfter: new Date(Date.now() + to * year),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: signer.privateKey,
      extensions,
    });
    return `${certificate.toString('pem')}\n`;
  }

  async function newKeys(name: string): Promise<webcrypto.CryptoKeyPair> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    made.set(name, keys);
    return keys;
  }

  const ca = await sign('ca', await newKeys('ca'), 'ca', thisYear, [new BasicConstraintsExtension(true, undefined, true)]);
  return {
    ca,
    async issue(
      name,
      { names = [{ type: 'dns', value: '*.example.com' }], years = thisYear, clientsOnly, isAuthority, by = 'ca' } = {},
    ) {
      const keys = await newKeys(name);
      const extensions = [
        new SubjectAlternativeNameExtension(names),
        ...(clientsOnly ? [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])] : []),
        ...(isAuthority === undefined ? [] : [new BasicConstraintsExtension(isAuthority, undefined, true)]),
      ];
      const cert = await sign(name, keys, by === 'itself' ? name : by, years, extensions);
      const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
      return { cert, key };
    },
  };
}
