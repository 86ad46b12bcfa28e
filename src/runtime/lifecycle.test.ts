import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { settle } from '#doubles/kube/fake-clock.ts';
import { Lifecycle, type ProcessHost } from './lifecycle.ts';

/** A process that records instead of ending. */
function fakeProcess() {
  const events: string[] = [];
  const listeners = new Map<string, (argument: unknown) => void>();
  const host: ProcessHost = {
    on: (event, listener) => listeners.set(event, listener),
    exit: (code) => events.push(`exit ${code}`),
  };
  return { host, events, emit: (event: string, argument?: unknown) => listeners.get(event)?.(argument) };
}

function lifecycleWith(components: readonly string[], stopDeadlineMilliseconds = 1000) {
  const { host, events, emit } = fakeProcess();
  const lifecycle = new Lifecycle({ logger: pino({ level: 'silent' }), host, stopDeadlineMilliseconds });
  const component = (name: string) => ({
    name,
    start: () => void events.push(`start ${name}`),
    stop: () => void events.push(`stop ${name}`),
  });
  for (const name of components) lifecycle.add(component(name));
  return { lifecycle, events, emit };
}

describe('Lifecycle', () => {
  it('starts in order and stops in reverse on SIGTERM', async () => {
    const { lifecycle, events, emit } = lifecycleWith(['client', 'server']);
    await lifecycle.run();
    emit('SIGTERM');
    await expect.poll(() => events).toEqual(['start client', 'start server', 'stop server', 'stop client', 'exit 0']);
  });

  it('stops what was started, and fails, when a component cannot start', async () => {
    const { lifecycle, events } = lifecycleWith(['client']);
    lifecycle.add({ name: 'broken', start: () => Promise.reject(new Error('port taken')) });
    lifecycle.add({ name: 'never', start: () => void events.push('start never') });
    await lifecycle.run();
    expect(events).toEqual(['start client', 'stop client', 'exit 1']);
  });

  it('stops the rest when one component does not stop cleanly', async () => {
    const { lifecycle, events } = lifecycleWith(['client']);
    lifecycle.add({ name: 'broken', stop: () => Promise.reject(new Error('stuck')) });
    await lifecycle.run();
    await lifecycle.stop(0);
    expect(events).toEqual(['start client', 'stop client', 'exit 0']);
  });

  it('ends at its deadline though a component hangs', async () => {
    const { lifecycle, events, emit } = lifecycleWith([], 20);
    lifecycle.add({ name: 'hanging', stop: () => new Promise(() => undefined) });
    await lifecycle.run();
    emit('SIGINT');
    await expect.poll(() => events).toEqual(['exit 1']);
  });

  it('ends at once on a second signal', async () => {
    const { lifecycle, events, emit } = lifecycleWith([], 60_000);
    let release = (): void => undefined;
    lifecycle.add({ name: 'hanging', stop: () => new Promise((resolve) => (release = resolve)) });
    await lifecycle.run();
    emit('SIGTERM');
    emit('SIGTERM');
    expect(events).toEqual(['exit 1']);
    release();
    await settle();
  });

  it.each(['unhandledRejection', 'uncaughtException'])('ends the process on %s', async (fault) => {
    const { lifecycle, events, emit } = lifecycleWith([]);
    await lifecycle.run();
    emit(fault, new Error('nobody caught this'));
    expect(events).toEqual(['exit 1']);
  });
});
