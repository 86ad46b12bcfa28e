import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import type { OwnerReference } from '../../kube/model/kind.ts';

export interface RepositoryAccess {
  readonly name: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  /** restic's `RESTIC_REPOSITORY`. */
  readonly url: string;
  readonly password: string;
  /** How restic reaches the store: `AWS_ACCESS_KEY_ID` and the like. */
  readonly environment: Readonly<Record<string, string>>;
  /** Certificate authority of the store's endpoint. */
  readonly caPem?: string | undefined;
}

/** Key of the Secret that holds the store's certificate authority. */
const CA_KEY = 'ca.crt';

/** `spec.restic.customCA` of VolSync's objects, where the store needs one. */
export const customCA = (secretName: string, present: boolean) =>
  present ? { customCA: { secretName, key: CA_KEY } } : {};

const encoded = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

/**
 * Builds the Secret that tells VolSync's mover where a repository is and how to open it. It never changes: other content
 * goes into another Secret, so that nobody needs the right to patch Secrets, which is the right to read them.
 */
export function buildRepositorySecret(access: RepositoryAccess) {
  return {
    metadata: {
      name: access.name,
      namespace: access.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [access.owner],
    },
    type: 'Opaque',
    immutable: true,
    data: encoded({
      RESTIC_REPOSITORY: access.url,
      RESTIC_PASSWORD: access.password,
      ...access.environment,
      ...(access.caPem === undefined ? {} : { [CA_KEY]: access.caPem }),
    }),
  };
}
