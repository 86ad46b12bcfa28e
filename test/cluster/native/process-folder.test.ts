import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findByEnvironment, identify, isAlive } from './process-identity.ts';
import { ProcessFolder } from './process-folder.ts';

let path: string;
let processes: ProcessFolder;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'process-folder-'));
  processes = new ProcessFolder(path, { diesWithParent: true });
});
afterEach(async () => {
  await processes.killMarked();
  rmSync(path, { recursive: true, force: true });
});

const sleeper = { name: 'sleeper', command: ['sleep', '1000'] };

describe('ProcessFolder', () => {
  it('starts a process once, and finds it again from another run', async () => {
    expect(await processes.ensure(sleeper)).toBe(true);
    const again = new ProcessFolder(path);
    expect(await again.ensure(sleeper)).toBe(false);
    expect(again.state(sleeper)).toBe('running');
  });

  it('restarts a process whose command line changed', async () => {
    await processes.ensure(sleeper);
    const changed = { ...sleeper, command: ['sleep', '2000'] };
    expect(processes.state(changed)).toBe('changed');
    const before = processes.identity('sleeper');
    await processes.ensure(changed);
    expect(before === undefined || isAlive(before)).toBe(false);
    expect(processes.state(changed)).toBe('running');
  });

  it('stops, and a stopped process is absent', async () => {
    await processes.ensure(sleeper);
    await processes.stop('sleeper');
    expect(processes.state(sleeper)).toBe('absent');
    expect(findByEnvironment(processes.mark)).toEqual([]);
  });

  it('kills what does not listen to SIGTERM', async () => {
    await processes.ensure({ name: 'deaf', command: ['bash', '-c', 'trap "" TERM; while :; do sleep 1; done'] });
    await processes.stop('deaf', { graceSeconds: 0.2 });
    expect(processes.identity('deaf')).toBeUndefined();
  });

  it('never touches a process that got a recorded pid later', async () => {
    await processes.ensure(sleeper);
    const record = join(path, 'processes', 'sleeper.json');
    const stranger = identify(process.pid);
    const text: unknown = { ...stranger, startTicks: '1', specHash: '' };
    writeFileSync(record, JSON.stringify(text));
    expect(processes.state(sleeper)).toBe('dead');
    await processes.stop('sleeper', { signal: 'SIGKILL' });
    expect(identify(process.pid)).toEqual(stranger);
  });

  it('finds a process whose record was lost, by its mark', async () => {
    await processes.ensure(sleeper);
    const pid = processes.identity('sleeper')?.pid;
    writeFileSync(join(path, 'processes', 'sleeper.json'), '{"pid":');
    expect(processes.state(sleeper)).toBe('absent');
    expect(findByEnvironment(processes.mark).map((each) => each.pid)).toEqual([pid]);
    await processes.killMarked();
    expect(findByEnvironment(processes.mark)).toEqual([]);
  });

  it('tells the end of the log when a process ended by itself', async () => {
    await processes.ensure({ name: 'short', command: ['bash', '-c', 'sleep 0.2; echo out of luck; exit 3'] });
    await expect.poll(() => processes.identity('short')).toBeUndefined();
    expect(() => processes.assertAlive('short')).toThrow('out of luck');
    expect(readFileSync(processes.logPath('short'), 'utf8')).toBe('out of luck\n');
  });
});
