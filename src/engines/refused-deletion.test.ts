import { expect, it } from 'vitest';
import { refusedDeletion } from './refused-deletion.ts';

it.each([
  ['a snapshot', 'Remove(<snapshot/d9ed54a377>) failed: client.RemoveObject: Access Denied', 'snapshot'],
  ['an index', 'Remove(<index/b0f0522c49>) failed: client.RemoveObject: 405 Method Not Allowed', 'index'],
  ['a lock', 'Remove(<lock/faa778c729>) failed: client.RemoveObject: AccessDenied', 'lock'],
])('finds what the store said when it did not let restic remove %s', (_, line, kind) => {
  expect(refusedDeletion(`snapshot 1a2b3c4d saved\n${line}\nFatal: no`)).toMatch(
    new RegExp(`RemoveObject: .+ \\(of a ${kind}\\)$`),
  );
});

it.each([
  ['a store that does not answer', 'Remove(<snapshot/d9ed54a377>) failed: dial tcp: i/o timeout'],
  ['a refusal to write', 'Save(<data/d9ed54a377>) failed: client.PutObject: Access Denied'],
  ['a file of that name', 'error: open /data/Remove(<lock/ab>) failed: Access Denied: permission denied'],
])('does not take %s for one', (_, line) => {
  expect(refusedDeletion(line)).toBeUndefined();
});
