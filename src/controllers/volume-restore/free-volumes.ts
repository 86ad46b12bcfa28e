import { foreignVolumeFor } from '../../engines/free-volumes.ts';
import { foreignVolumeAdvice } from './refused-volumes.ts';
import { hold, type Scene, type Stop, type Tools } from './scene.ts';

/**
 * Before a prime claim is made: waits while a volume lies ready that was there before and that it would take. Undefined where
 * there is none. What becomes free later is given back when it is taken.
 */
export async function awaitNoForeignVolume(tools: Tools, scene: Scene): Promise<Stop | undefined> {
  const { claim, restore } = scene;
  const inTheWay = foreignVolumeFor(tools.context.stores, claim, restore.status?.volumeCapacityBytes);
  if (inTheWay === undefined) return undefined;
  return await hold(tools, scene, 'ForeignVolume', foreignVolumeAdvice(inTheWay.name));
}
