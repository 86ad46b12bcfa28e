/** Installs Rebound on the local cluster, or takes it away: `node test/install/main.ts [--remove]`. */
import { chooseProvider } from '../cluster/choose-provider.ts';
import { installRebound, uninstallRebound } from './install.ts';

const provider = await chooseProvider();
if (process.argv.includes('--remove')) await uninstallRebound(provider);
else await installRebound(provider, (message) => console.log(message));
