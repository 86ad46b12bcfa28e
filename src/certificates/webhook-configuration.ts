import type { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { API_GROUP } from '../api/group.ts';
import type { JsonPatchOperation, KubeClient } from '../kube/client/client.ts';
import { clusterMetadata, defineKind, objectSchema } from '../kube/model/object-schema.ts';
import { fingerprintOf, isExpired, readCertificates, writeCertificates } from './inspect.ts';
import type { AuthorityFacts, PublicationFacts } from './rotation.ts';

/** The one configuration that sends claims to us (manifests/webhook/). */
export const WEBHOOK_CONFIGURATION = 'rebound-webhook';

/** On the configuration: when its authorities were last written by us, RFC 3339. */
export const PUBLISHED_AT_ANNOTATION = `${API_GROUP}/ca-published-at`;

const API = { group: 'admissionregistration.k8s.io', version: 'v1' } as const;

const schema = objectSchema(
  { apiVersion: `${API.group}/${API.version}`, kind: 'MutatingWebhookConfiguration' },
  clusterMetadata,
  {
    webhooks: z
      .array(z.object({ name: z.string(), clientConfig: z.object({ caBundle: z.string().optional() }) }))
      .nullish(),
  },
);
export type MutatingWebhookConfiguration = z.infer<typeof schema>;
export const mutatingWebhookConfigurations = defineKind({
  ...API,
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
  schema,
});

/** What the rotation needs to know of an authority. */
export const authorityFacts = (certificate: X509Certificate): AuthorityFacts => ({
  fingerprint: fingerprintOf(certificate),
  notBeforeMilliseconds: certificate.validFromDate.getTime(),
  notAfterMilliseconds: certificate.validToDate.getTime(),
});

/** The authorities that each webhook of a configuration trusts, in its order. */
export const trustedAuthorities = (configuration: MutatingWebhookConfiguration): X509Certificate[][] =>
  (configuration.webhooks ?? []).map(({ clientConfig }) =>
    readCertificates(Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8')),
  );

/** What a configuration says of trust; undefined when there is none, or none with a webhook. */
export function observePublication(
  configuration: MutatingWebhookConfiguration | undefined,
  nowMilliseconds: number,
): PublicationFacts | undefined {
  if (configuration === undefined) return undefined;
  const bundles = trustedAuthorities(configuration);
  const [first, ...others] = bundles.map((bundle) => bundle.map(fingerprintOf));
  if (first === undefined) return undefined;
  const publishedAt = Date.parse(configuration.metadata.annotations?.[PUBLISHED_AT_ANNOTATION] ?? '');
  return {
    everywhere: [...new Set(first)].filter((one) => others.every((bundle) => bundle.includes(one))),
    anywhere: bundles
      .flat()
      .filter((one) => !isExpired(one, nowMilliseconds))
      .map(authorityFacts),
    publishedAtMilliseconds: Number.isNaN(publishedAt) ? undefined : publishedAt,
  };
}

/**
 * Makes every webhook of a configuration trust these authorities and no others.
 *
 * @throws KubeError; `isInvalid` when somebody else changed the configuration meanwhile, which then stays as it is.
 */
export async function publish(
  client: Pick<KubeClient, 'jsonPatch'>,
  configuration: MutatingWebhookConfiguration,
  authorities: readonly X509Certificate[],
  nowMilliseconds: number,
): Promise<void> {
  const { name, resourceVersion, annotations } = configuration.metadata;
  const caBundle = Buffer.from(writeCertificates(authorities)).toString('base64');
  const published = { [PUBLISHED_AT_ANNOTATION]: new Date(nowMilliseconds).toISOString() };
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/metadata/annotations', value: { ...annotations, ...published } },
    ...(configuration.webhooks ?? []).map((_, index): JsonPatchOperation => ({
      op: 'add',
      path: `/webhooks/${index}/clientConfig/caBundle`,
      value: caBundle,
    })),
  ];
  await client.jsonPatch(mutatingWebhookConfigurations, { name }, operations);
}
