import { describe, expect, it } from 'vitest';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import { backupDestinations } from '../api/resource-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM, World } from '#simulation/world.ts';
import { claimsOfSecret } from './credential-users.ts';

describe('claimsOfSecret', () => {
  const usersOf = async (secretName: string): Promise<readonly string[]> => {
    const world = new World();
    world.server.change(backupDestinations, { name: 'default' }, (object) => {
      childOf(childOf(object, 'spec'), 's3')['caSecretName'] = 'authority';
    });
    world.createClaim('fresh');
    world.process.copies.seeEverything();
    const found = claimsOfSecret(world.process.context.stores, `${SYSTEM_NAMESPACE}/${secretName}`);
    return found.map(({ metadata }) => metadata.name);
  };

  it.each(['keys', 'master', 'authority'])(
    'names the claims of a destination when its Secret %s changes, so that none waits for its next look',
    async (name) => {
      expect(await usersOf(name)).toEqual([CLAIM]);
    },
  );

  it('names nobody for a Secret that no destination names', async () => {
    expect(await usersOf('rebound-webhook-ca')).toEqual([]);
  });
});
