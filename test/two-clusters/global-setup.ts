import { chooseProvider } from '../cluster/choose-provider.ts';
import type { ClusterProvider, Report } from '../cluster/provider.ts';
import { cleanUp } from '../e2e/support/clean-up.ts';
import { loadApplicationImage } from '../e2e/support/application-image.ts';
import { installRebound } from '../install/install.ts';
import { chooseTwin } from './support/twin.ts';

/**
 * Brings up the first cluster and a second one beside it, and installs the same Rebound in both, with one destination. The first one
 * stays; of the second nothing is left.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  const report: Report = (message) => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${message}`);
  };
  const first = await chooseProvider();
  const second = await chooseTwin();
  await first.up(report);
  // A run that was broken off may have left one, which knows the store as it was then.
  await remove(second, report);
  try {
    await second.up(report);
    for (const provider of [first, second]) {
      await loadApplicationImage(provider, report);
      await installRebound(provider, report);
    }
  } catch (error) {
    await remove(second, report);
    throw error;
  }
  report('ready for the tests of two clusters');
  return async () => {
    await cleanUp();
    await remove(second, report);
  };
}

async function remove(second: ClusterProvider, report: Report): Promise<void> {
  await second.down(report, { deleteData: true });
  const { residues } = await second.status();
  if (residues.length > 0) throw new Error(`the second cluster has left behind: ${residues.join(', ')}`);
}
