import { chooseSecondProvider } from '../../cluster/choose-provider.ts';
import type { ClusterProvider } from '../../cluster/provider.ts';

/** The second cluster of these tests, which they bring up and take away. */
export const chooseTwin = (): Promise<ClusterProvider> => chooseSecondProvider('twin');
