import type { ReadableStore } from '../../kube/cache/store.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import type { Job, Pod, StorageClass } from '../../kube/model/built-in-kinds.ts';
import type { MoverImage } from './mover-pod.ts';

/** What restores by movers of our own, and the upkeep of repositories, work with. */
export interface MoverContext {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'create' | 'mergePatch' | 'delete' | 'podLogs'>;
  /** Local copies. */
  readonly stores: {
    readonly pods: ReadableStore<Pod>;
    /** Of the movers' namespace. */
    readonly moverJobs: ReadableStore<Job>;
    readonly storageClasses: ReadableStore<StorageClass>;
  };
  readonly clusterUid: string;
  /** Undefined where this program does not run in a pod, and so knows of no image of its own. */
  readonly ownImage: MoverImage | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
