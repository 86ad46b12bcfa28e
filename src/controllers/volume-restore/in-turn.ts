import { RESTORE_PRIORITY_ANNOTATION } from '../../api/labels.ts';
import { restorePriority } from '../../domain/queue/restore-priority.ts';
import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { namespaces } from '../../kube/model/built-in-kinds.ts';
import { findCondition } from '../../kube/model/conditions.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { ageMilliseconds, tell, warn } from '../context.ts';
import type { Turn } from '../mover-turn.ts';
import { destinationNameOf, engineOf, type PrimedScene, type PrimedStep, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

const REASON = 'Queued';
const ADVICE = 'spec.limits of the ReboundSettings "default" says how many restores work at a time.';

/** A step that begins a mover. */
type Beginning = PrimedStep & {
  /** Whether it did. */
  readonly hasBegun?: boolean;
};

/** Begins a mover once its turn has come; until then the claim waits, and says which place it has. */
export async function inTurn(tools: Tools, scene: PrimedScene, begin: () => Promise<Beginning>): Promise<PrimedStep> {
  if (!engineOf(tools, scene.restore).isQueued) return await begin();
  const turn = await askForTurn(tools, scene);
  if (turn.kind === 'wait') return await showQueued(tools, scene, turn);
  const { hasBegun = false, ...step } = await begin();
  if (!hasBegun) tools.context.movers.giveBack('restore', scene.claim.metadata.uid);
  return step;
}

async function askForTurn(tools: Tools, scene: PrimedScene): Promise<Turn> {
  const { restore, claim } = scene;
  const { movers, now } = tools.context;
  return movers.ask({
    task: 'restore',
    cause: 'restore',
    key: objectKey(restore.metadata),
    claim: claim.metadata,
    destination: destinationNameOf(tools, restore) ?? '',
    sinceMilliseconds: now() - ageMilliseconds(tools.context, restore.metadata),
    priority: await priorityOf(tools, scene),
  });
}

/** The claim's own word counts before that of its namespace. */
async function priorityOf({ context }: Tools, { claim }: PrimedScene): Promise<number> {
  const own = claim.metadata.annotations?.[RESTORE_PRIORITY_ANNOTATION];
  const namespace =
    own === undefined ? await context.client.get(namespaces, { name: claim.metadata.namespace }) : undefined;
  const { priority, problem } = restorePriority(own ?? namespace?.metadata.annotations?.[RESTORE_PRIORITY_ANNOTATION]);
  if (problem !== undefined) {
    const whose = own === undefined ? `namespace ${claim.metadata.namespace}` : 'the claim';
    warn(
      context,
      claim,
      'MalformedPriority',
      `Annotation ${RESTORE_PRIORITY_ANNOTATION} on ${whose} has no effect: ${problem}.`,
    );
  }
  return priority;
}

/** Told once, when it lasts: the place becomes another one again and again. */
async function showQueued(
  { context }: Tools,
  { restore, claim }: PrimedScene,
  { message: place, lookAgainMilliseconds }: Extract<Turn, { kind: 'wait' }>,
): Promise<Stop> {
  const isLasting = ageMilliseconds(context, restore.metadata) >= GRACE_MILLISECONDS;
  const words = `The claim waits, unbound, until its restore may begin. ${place}`;
  const message = isLasting ? `${words} ${ADVICE}` : words;
  const before = findCondition(restore.status?.conditions, 'Ready');
  await recordProgress(context, restore, { reason: REASON, message });
  const wasTold = before?.reason === REASON && before.message.endsWith(ADVICE);
  if (isLasting && !wasTold) tell(context, claim, REASON, message);
  return { result: requeueAfter(lookAgainMilliseconds) };
}
