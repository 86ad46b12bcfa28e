import { expect, it } from 'vitest';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { podWith } from '#doubles/mover/mover-objects.ts';
import { lostPod } from './lost-pod.ts';

const DELETED = '2026-01-01T01:00:00Z';
const after = (seconds: number): number => Date.parse(DELETED) + seconds * 1000;

function onNode(pod: Pod, deletionTimestamp?: string): Pod {
  const metadata = { ...pod.metadata, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
  return { ...pod, metadata, spec: { ...pod.spec, nodeName: 'worker-3' } };
}

it('tells a pod that should have ended and has not, in the words of who took it away', () => {
  const message = 'Taint manager: deleting due to NoExecute taint';
  const conditions = [{ type: 'DisruptionTarget', status: 'True', message }];
  const pod = onNode(podWith({}, {}, { phase: 'Running', conditions }), DELETED);
  expect(lostPod(pod, after(59))).toBeUndefined();
  expect(lostPod(pod, after(60))).toMatchObject({
    kind: 'silent',
    message: `The mover's pod pod should have ended at ${DELETED}, and has not: its node worker-3 may not answer (${message}).`,
  });
});

it('tells a pod whose node is given up', () => {
  const pod = onNode(
    podWith({}, {}, { phase: 'Unknown', reason: 'NodeLost', message: 'Node worker-3 is unresponsive' }),
  );
  expect(lostPod(pod, after(0))?.message).toBe(
    "The mover's pod pod is lost: its node worker-3 may not answer (Node worker-3 is unresponsive).",
  );
});

it('says nothing of a pod that works, though it is not Ready, nor of one that has ended', () => {
  const conditions = [{ type: 'Ready', status: 'False', reason: 'ContainersNotInitialized' }];
  expect(lostPod(onNode(podWith({}, {}, { phase: 'Pending', conditions })), after(9999))).toBeUndefined();
  expect(lostPod(onNode(podWith({}, {}, { phase: 'Failed' }), DELETED), after(9999))).toBeUndefined();
});
