import { events, type Event } from '../../../src/kube/model/built-in-kinds.ts';
import type { Workspace } from './workspace.ts';

/** The events on the claim that has the name now, the oldest first. */
export async function storyOf(workspace: Workspace, claimName: string): Promise<readonly Event[]> {
  const { uid } = (await workspace.claim(claimName)).metadata;
  const found = await workspace.client.list(events, {
    namespace: workspace.namespace,
    fieldSelector: `involvedObject.uid=${uid}`,
  });
  return found.sort((a, b) => ((a.firstTimestamp ?? '') < (b.firstTimestamp ?? '') ? -1 : 1));
}

/** Reasons of the events on the claim, each once, in the order they first came. */
export async function reasonsOf(workspace: Workspace, claimName: string): Promise<readonly string[]> {
  const story = await storyOf(workspace, claimName);
  return [...new Set(story.map(({ reason }) => reason ?? ''))];
}

/** Waits until an event of this reason, whose message matches, is on the claim. */
export function untilTold(
  workspace: Workspace,
  claimName: string,
  reason: string,
  message: RegExp = /./,
): Promise<Event> {
  const look = async () =>
    (await storyOf(workspace, claimName)).find((event) => event.reason === reason && message.test(event.message ?? ''));
  return workspace.eventually(`event ${reason} matching ${String(message)} on claim ${claimName}`, look);
}

/** What `kubectl describe pvc` shows a user. */
export const describeClaim = (workspace: Workspace, claimName: string): Promise<string> =>
  workspace.cluster.kubectl(['-n', workspace.namespace, 'describe', 'pvc', claimName]);
