/** When a certificate is valid; milliseconds since 1970. */
export interface Validity {
  readonly notBeforeMilliseconds: number;
  readonly notAfterMilliseconds: number;
}

export interface AuthorityFacts extends Validity {
  /** Names the certificate by its content. */
  readonly fingerprint: string;
}

export interface LeafFacts extends Validity {
  /** Fingerprint of the known authority that signed it, if any did. */
  readonly issuer: string | undefined;
  /** Whether it is good for the webhook's present names. */
  readonly coversNames: boolean;
}

/** What API servers were told to trust. */
export interface PublicationFacts {
  /** Authorities that every webhook of the configuration trusts. */
  readonly everywhere: readonly string[];
  /** Authorities, not expired, that some webhook of the configuration trusts. */
  readonly anywhere: readonly AuthorityFacts[];
  /** When they were last written; undefined when not by us. */
  readonly publishedAtMilliseconds: number | undefined;
}

/** All that the rotation is decided from. */
export interface CertificateFacts {
  /** The authority whose private key is at hand. */
  readonly signer: AuthorityFacts | undefined;
  /** Every authority in our keeping, the signer included. */
  readonly authorities: readonly AuthorityFacts[];
  /** The certificate that the webhook serves; undefined when there is none that can be used. */
  readonly leaf: LeafFacts | undefined;
  /** Undefined while there is no webhook configuration. */
  readonly publication: PublicationFacts | undefined;
}

/** The next step. Each is safe to take again. */
export type CertificateDecision =
  /** Make a new authority and keep it beside the old ones. */
  | { readonly kind: 'issueAuthority'; readonly reason: string }
  /** Tell API servers to trust these, and no others. */
  | { readonly kind: 'publish'; readonly fingerprints: readonly string[]; readonly reason: string }
  /** Let the signer sign a new certificate for the webhook. */
  | { readonly kind: 'issueLeaf'; readonly reason: string }
  | { readonly kind: 'wait'; readonly untilMilliseconds: number };

/** How long API servers are given to learn of a new authority before a certificate of it is served. */
export const SETTLING_MILLISECONDS = 60 * 1000;

/** A certificate is renewed when a third of its time is left. */
const renewalOf = ({ notBeforeMilliseconds, notAfterMilliseconds }: Validity): number =>
  notAfterMilliseconds - (notAfterMilliseconds - notBeforeMilliseconds) / 3;

type Rule = (now: number, facts: CertificateFacts) => CertificateDecision | undefined;

const signerNeeded: Rule = (now, { signer }) => {
  if (signer === undefined) return { kind: 'issueAuthority', reason: 'there is no certificate authority to sign with' };
  if (now < renewalOf(signer)) return undefined;
  return { kind: 'issueAuthority', reason: 'the certificate authority has less than a third of its time left' };
};

/** What is trusted already stays trusted until it expires: a certificate of it may still be served. */
function wantedAuthorities(now: number, facts: CertificateFacts): string[] {
  const all = [...facts.authorities, ...(facts.publication?.anywhere ?? [])];
  return [...new Set(all.filter((one) => one.notAfterMilliseconds > now).map((one) => one.fingerprint))];
}

const publicationNeeded: Rule = (now, facts) => {
  const { publication } = facts;
  if (publication === undefined) return undefined;
  const fingerprints = wantedAuthorities(now, facts);
  const isSame =
    fingerprints.length === publication.everywhere.length &&
    fingerprints.every((fingerprint) => publication.everywhere.includes(fingerprint));
  if (isSame) return undefined;
  return { kind: 'publish', fingerprints, reason: 'the webhook configuration trusts other authorities' };
};

const leafMissing: Rule = (now, { leaf }) => {
  const issue = (reason: string): CertificateDecision => ({ kind: 'issueLeaf', reason });
  if (leaf === undefined) return issue('there is no certificate for the webhook');
  if (leaf.notAfterMilliseconds <= now) return issue("the webhook's certificate has expired");
  if (leaf.issuer === undefined) return issue("an unknown authority signed the webhook's certificate");
  return leaf.coversNames ? undefined : issue("the webhook's certificate is for other names");
};

const leafDue: Rule = (now, facts) => {
  const { leaf, signer, publication } = facts;
  if (leaf === undefined || signer === undefined) return undefined;
  if (leaf.issuer === signer.fingerprint) {
    if (now < renewalOf(leaf)) return undefined;
    return { kind: 'issueLeaf', reason: "the webhook's certificate has less than a third of its time left" };
  }
  const settledAt = (publication?.publishedAtMilliseconds ?? -Infinity) + SETTLING_MILLISECONDS;
  if (now < settledAt) return { kind: 'wait', untilMilliseconds: settledAt };
  return { kind: 'issueLeaf', reason: "an older authority signed the webhook's certificate" };
};

/** The next renewal, or the day on which trust in an old authority ends. */
const nextTime = (now: number, { signer, leaf, authorities }: CertificateFacts): number =>
  Math.min(
    ...[signer, leaf].flatMap((one) => (one === undefined ? [] : [renewalOf(one)])),
    ...authorities.map((one) => one.notAfterMilliseconds).filter((end) => end > now),
  );

const chain: readonly Rule[] = [
  signerNeeded,
  publicationNeeded, // Before any certificate of a new authority is served.
  leafMissing,
  leafDue,
];

/** Decides the next step towards certificates that are valid, trusted, and stay so. */
export function decideRotation(nowMilliseconds: number, facts: CertificateFacts): CertificateDecision {
  for (const rule of chain) {
    const decision = rule(nowMilliseconds, facts);
    if (decision !== undefined) return decision;
  }
  return { kind: 'wait', untilMilliseconds: nextTime(nowMilliseconds, facts) };
}
