import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { resticEnvironment } from '../../destinations/s3/restic-repository.ts';
import { type OwnerReference } from '../../kube/model/kind.ts';
import { type MoverClient, moverAnnotations, moverLabels } from './job-labels.ts';
import type { MoverRepository } from './mover-repository.ts';

const PLACE_KEY = 'repository.json';
const CA_KEY = 'ca.crt';
const FOLDER = '/etc/rebound';
/** Of the volume that a mover's pod mounts the Secret by. */
const SECRET_VOLUME = 'repository';

const SECRET_VARIABLES = ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD'] as const;

const encoded = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

/** Where the repository is, for our own containers; what is secret comes by variables. */
function placeOf({ settings, path, identity }: MoverRepository): string {
  const { endpoint, region, bucket, prefix, forcePathStyle } = settings;
  const store = { type: 's3', ...(endpoint === undefined ? {} : { endpoint }), region, bucket, prefix, forcePathStyle };
  return JSON.stringify({ identity, repositoryPath: path, store });
}

/**
 * Builds the Secret of one Job: that repository's URL and password, and the store's credentials. It belongs to the Job, has
 * its name, goes with it and never changes.
 *
 * @param job the Job as the API server made it: nothing else may own the Secret.
 */
export function buildMoverSecret(
  job: { readonly name: string; readonly uid: string },
  client: MoverClient,
  repository: MoverRepository,
) {
  const { url, password, settings } = repository;
  const owner: OwnerReference = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.name,
    uid: job.uid,
    controller: true,
    blockOwnerDeletion: false,
  };
  return {
    metadata: {
      name: job.name,
      namespace: MOVERS_NAMESPACE,
      labels: moverLabels(client),
      annotations: moverAnnotations(client),
      ownerReferences: [owner],
    },
    type: 'Opaque',
    immutable: true,
    data: encoded({
      RESTIC_REPOSITORY: url,
      RESTIC_PASSWORD: password,
      ...resticEnvironment(settings),
      [PLACE_KEY]: placeOf(repository),
      ...(settings.caPem === undefined ? {} : { [CA_KEY]: settings.caPem }),
    }),
  };
}

/** The variables that a container reaches the repository by. */
export function repositoryEnvironment(secretName: string, { settings }: MoverRepository) {
  const fromSecret = [...SECRET_VARIABLES, ...Object.keys(resticEnvironment(settings))].map((name) => ({
    name,
    valueFrom: { secretKeyRef: { name: secretName, key: name } },
  }));
  const caFile = settings.caPem === undefined ? [] : [{ name: 'RESTIC_CACERT', value: `${FOLDER}/${CA_KEY}` }];
  return [...fromSecret, ...caFile, { name: 'REBOUND_REPOSITORY', value: `${FOLDER}/${PLACE_KEY}` }];
}

/** The Secret's files, without what is given by variables. */
export function repositoryVolume(secretName: string, { settings }: MoverRepository) {
  const keys = settings.caPem === undefined ? [PLACE_KEY] : [PLACE_KEY, CA_KEY];
  const items = keys.map((key) => ({ key, path: key }));
  return { name: SECRET_VOLUME, secret: { secretName, defaultMode: 0o400, items } };
}

export const repositoryMount = { name: SECRET_VOLUME, mountPath: FOLDER, readOnly: true } as const;
