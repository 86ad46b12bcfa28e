import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../api/labels.ts';
import type { KubeClient } from '../kube/client/client.ts';
import { isAlreadyExists, isConflict, isInvalid } from '../kube/client/errors.ts';
import { type Secret, secrets } from '../kube/model/built-in-kinds.ts';
import {
  covers,
  fingerprintOf,
  isExpired,
  isIssuedBy,
  readCertificates,
  readCertifiedKey,
  writeCertificates,
} from './inspect.ts';
import { type CertifiedKey, issueAuthority, issueLeaf, type LeafSubject } from './issue.ts';
import { type CertificateDecision, decideRotation, type LeafFacts } from './rotation.ts';
import { AUTHORITY_KEYS, AUTHORITY_SECRET, SERVING_KEYS, SERVING_SECRET } from './secret-names.ts';
import {
  authorityFacts,
  type MutatingWebhookConfiguration,
  mutatingWebhookConfigurations,
  observePublication,
  publish,
  trustedAuthorities,
  WEBHOOK_CONFIGURATION,
} from './webhook-configuration.ts';

export interface CertificateReconciler {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'mergePatch' | 'jsonPatch'>;
  /** Names that API servers call the webhook by. */
  readonly subject: LeafSubject;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface CertificateResult {
  /** When the next step is due, if nothing changes: milliseconds since 1970. */
  readonly nextMilliseconds: number;
}

interface Observed {
  readonly authoritySecret: Secret | undefined;
  readonly servingSecret: Secret | undefined;
  readonly configuration: MutatingWebhookConfiguration | undefined;
  /** The newest first; that one's key is in the Secret. */
  readonly authorities: readonly X509Certificate[];
  readonly signer: X509Certificate | undefined;
}

/** More steps than a rotation from nothing has: authority, publication, certificate, and one to see that all is well. */
const MAXIMUM_STEPS = 6;
const RETRY_MILLISECONDS = 5_000;

/**
 * Takes the webhook's certificates as far as they can go now: makes, publishes and renews what is due. Everything is read
 * from the API server itself, never from a local copy, and every write fails if somebody else was faster. To be called
 * about every minute by the leader, and whenever the webhook configuration or one of the Secrets changed.
 *
 * @throws KubeError when the API server cannot be asked. What was done before stays, and is safe.
 */
export async function reconcileCertificates(reconciler: CertificateReconciler): Promise<CertificateResult> {
  for (let step = 0; step < MAXIMUM_STEPS; step += 1) {
    const observed = await observe(reconciler);
    const decision = decideRotation(reconciler.now(), factsOf(observed, reconciler));
    if (decision.kind === 'wait') return { nextMilliseconds: decision.untilMilliseconds };
    if (!(await take(reconciler, observed, decision))) break;
    reconciler.logger.info({ step: decision.kind, why: decision.reason }, 'the webhook certificates moved on');
  }
  return { nextMilliseconds: reconciler.now() + RETRY_MILLISECONDS };
}

async function observe({ client }: CertificateReconciler): Promise<Observed> {
  const [authoritySecret, servingSecret, configuration] = await Promise.all([
    client.get(secrets, { namespace: SYSTEM_NAMESPACE, name: AUTHORITY_SECRET }),
    client.get(secrets, { namespace: SYSTEM_NAMESPACE, name: SERVING_SECRET }),
    client.get(mutatingWebhookConfigurations, { name: WEBHOOK_CONFIGURATION }),
  ]);
  const authorities = readCertificates(textOf(authoritySecret, AUTHORITY_KEYS.certificates));
  return {
    authoritySecret,
    servingSecret,
    configuration,
    authorities,
    signer: readCertifiedKey(signerOf(authoritySecret)),
  };
}

const textOf = (secret: Secret | undefined, key: string): string =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8');

const signerOf = (secret: Secret | undefined): CertifiedKey => ({
  certificatePem: textOf(secret, AUTHORITY_KEYS.certificates),
  privateKeyPem: textOf(secret, AUTHORITY_KEYS.privateKey),
});

function factsOf(observed: Observed, { subject, now }: CertificateReconciler) {
  return {
    signer: observed.signer === undefined ? undefined : authorityFacts(observed.signer),
    authorities: observed.authorities.map(authorityFacts),
    leaf: leafFacts(observed, subject),
    publication: observePublication(observed.configuration, now()),
  };
}

function leafFacts({ servingSecret, authorities }: Observed, subject: LeafSubject): LeafFacts | undefined {
  const leaf = readCertifiedKey({
    certificatePem: textOf(servingSecret, SERVING_KEYS.certificate),
    privateKeyPem: textOf(servingSecret, SERVING_KEYS.privateKey),
  });
  if (leaf === undefined) return undefined;
  const issuer = authorities.find((authority) => isIssuedBy(leaf, authority));
  const { notBeforeMilliseconds, notAfterMilliseconds } = authorityFacts(leaf);
  return {
    notBeforeMilliseconds,
    notAfterMilliseconds,
    issuer: issuer === undefined ? undefined : fingerprintOf(issuer),
    coversNames: covers(leaf, subject),
  };
}

/** Takes one step. False when somebody else was faster: then nothing was changed. */
async function take(
  reconciler: CertificateReconciler,
  observed: Observed,
  decision: Exclude<CertificateDecision, { kind: 'wait' }>,
): Promise<boolean> {
  try {
    await steps[decision.kind](reconciler, observed, decision);
    return true;
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error) || isInvalid(error)) {
      reconciler.logger.warn(
        { step: decision.kind, err: error },
        'a certificate step was overtaken; trying again later',
      );
      return false;
    }
    throw error;
  }
}

type Step = (
  reconciler: CertificateReconciler,
  observed: Observed,
  decision: Exclude<CertificateDecision, { kind: 'wait' }>,
) => Promise<void>;

const makeAuthority: Step = async ({ client, now }, { authoritySecret, authorities }) => {
  const authority = await issueAuthority(now());
  const old = authorities.filter((one) => !isExpired(one, now()));
  await writeSecret(client, authoritySecret, {
    name: AUTHORITY_SECRET,
    type: 'Opaque',
    data: {
      [AUTHORITY_KEYS.certificates]: authority.certificatePem + writeCertificates(old),
      [AUTHORITY_KEYS.privateKey]: authority.privateKeyPem,
    },
  });
};

const publishAuthorities: Step = async ({ client, now }, { configuration, authorities }, decision) => {
  if (configuration === undefined || decision.kind !== 'publish') return;
  const known = [...authorities, ...trustedAuthorities(configuration).flat()];
  const wanted = decision.fingerprints.flatMap((fingerprint) => {
    const found = known.find((one) => fingerprintOf(one) === fingerprint);
    return found === undefined ? [] : [found];
  });
  await publish(client, configuration, wanted, now());
};

const makeLeaf: Step = async ({ client, subject, now }, { authoritySecret, servingSecret, authorities }) => {
  const leaf = await issueLeaf(signerOf(authoritySecret), subject, now());
  await writeSecret(client, servingSecret, {
    name: SERVING_SECRET,
    type: 'kubernetes.io/tls',
    data: {
      [SERVING_KEYS.certificate]: leaf.certificatePem,
      [SERVING_KEYS.privateKey]: leaf.privateKeyPem,
      [SERVING_KEYS.authorities]: writeCertificates(authorities.filter((one) => !isExpired(one, now()))),
    },
  });
};

const steps: Readonly<Record<Exclude<CertificateDecision['kind'], 'wait'>, Step>> = {
  issueAuthority: makeAuthority,
  publish: publishAuthorities,
  issueLeaf: makeLeaf,
};

interface SecretContent {
  readonly name: string;
  /** Cannot be changed once the Secret exists. */
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Creates a Secret, or replaces these keys of the one that was read, if it is still that one. */
async function writeSecret(
  client: CertificateReconciler['client'],
  found: Secret | undefined,
  { name, type, data: text }: SecretContent,
): Promise<void> {
  const data = Object.fromEntries(Object.entries(text).map(([key, value]) => [key, btoa(value)]));
  const reference = { namespace: SYSTEM_NAMESPACE, name };
  if (found !== undefined) {
    const metadata = { resourceVersion: found.metadata.resourceVersion };
    await client.mergePatch(secrets, reference, { metadata, data });
    return;
  }
  const object = { metadata: { ...reference, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } }, type, data };
  await client.create(secrets, object);
}
