import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import { LeaderElector } from '../../../src/kube/lease.ts';
import { createLogger } from '../../../src/runtime/logging.ts';

// A candidate in a process of its own: `node lease-candidate.ts <kubeconfig> <namespace> <identity> <duration,deadline,retry in seconds>`.
// Prints `leading` once elected, `lost` when it loses, and hands over on SIGTERM.
const [kubeconfig = '', namespace = '', identity = '', timing = ''] = process.argv.slice(2);
const [leaseDurationSeconds = 15, renewDeadlineSeconds = 10, retryPeriodSeconds = 2] = timing.split(',').map(Number);

const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const elector = new LeaderElector({
  client: new KubeClient({ connection: new KubeConnection({ config }), fieldManager: identity }),
  lease: { namespace, name: 'leader' },
  identity,
  logger: createLogger({ level: 'silent' }),
  timing: { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds },
  onLost: () => {
    console.log('lost');
    process.exit(1);
  },
});
elector.start();
void elector.elected().then(() => console.log('leading'));
process.on('SIGTERM', () => void elector.stop().then(() => process.exit(0)));
