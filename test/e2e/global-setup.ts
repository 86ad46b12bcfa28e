import type { Report } from '../cluster/provider.ts';
import { chooseProvider } from '../cluster/choose-provider.ts';
import { installRebound } from '../install/install.ts';
import { loadApplicationImage } from './support/application-image.ts';
import { cleanUp } from './support/clean-up.ts';

/**
 * Brings the cluster up and installs Rebound, once for all end-to-end tests; both stay, so that the next run is quicker.
 * After the tests every namespace that they used must come to its end, and take its volumes along.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  const report: Report = (message) => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${message}`);
  };
  const provider = await chooseProvider();
  await provider.up(report);
  await loadApplicationImage(provider, report);
  await installRebound(provider, report);
  report('ready for the end-to-end tests');
  return cleanUp;
}
