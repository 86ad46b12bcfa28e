import { expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../api/group.ts';
import { CLAIM_ANNOTATION, MAINTAIN_ROLE, MANAGED_BY, MANAGED_BY_LABEL, ROLE_LABEL } from '../api/labels.ts';
import { jobs } from '../kube/model/built-in-kinds.ts';
import { remember } from '#simulation/past.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

function makeJob(world: World, name: string, role: string, claim: string): void {
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY, [ROLE_LABEL]: role };
  const annotations = { [CLAIM_ANNOTATION]: claim };
  const finalizers = ['rebound.dev/unread'];
  world.server.create(jobs, {
    metadata: { name, namespace: MOVERS_NAMESPACE, labels, annotations, finalizers },
    spec: { suspend: false },
  });
}

it('a restore ends what removes old snapshots from its repository, and nothing else, and goes on', async () => {
  const world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  makeJob(world, 'of-this-claim', MAINTAIN_ROLE, `${NAMESPACE}/data`);
  makeJob(world, 'of-another-claim', MAINTAIN_ROLE, `${NAMESPACE}/other`);
  makeJob(world, 'another-mover', 'backup', `${NAMESPACE}/data`);
  world.createClaim('restore');
  await world.until(({ restore }) => restore?.status?.phase === 'Completed');
  const left = world.server.list(jobs).filter(({ metadata }) => metadata.namespace === MOVERS_NAMESPACE);
  expect(left.map(({ metadata }) => metadata.name)).toEqual(['of-another-claim', 'another-mover']);
});
