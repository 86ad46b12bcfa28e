import { describe, expect, it } from 'vitest';
import { decideBackupRequest } from './backup-request.ts';

describe('decideBackupRequest', () => {
  it('does nothing without a new request', () => {
    expect(decideBackupRequest({ engineBusy: false })).toEqual({ kind: 'none' });
    expect(decideBackupRequest({ asked: '', engineBusy: false })).toEqual({ kind: 'none' });
    expect(decideBackupRequest({ asked: 'a', carriedOut: 'a', engineBusy: true })).toEqual({ kind: 'none' });
  });

  it('tells an idle engine at once', () => {
    const facts = { asked: 'b', carriedOut: 'a', engineCarriedOut: 'a', engineBusy: false };
    expect(decideBackupRequest(facts)).toEqual({ kind: 'tell', request: 'b' });
  });

  it('holds a request back while a backup is under way that began before it', () => {
    expect(decideBackupRequest({ asked: 'b', engineBusy: true })).toEqual({ kind: 'wait' });
    expect(decideBackupRequest({ asked: 'b', engineTold: 'a', engineBusy: true })).toEqual({ kind: 'wait' });
  });

  it('leaves a request with the engine while the engine carries it out', () => {
    const facts = { asked: 'b', engineTold: 'b', engineCarriedOut: 'a', engineBusy: true };
    expect(decideBackupRequest(facts)).toEqual({ kind: 'tell', request: 'b' });
  });

  it('notes a request that the engine has carried out', () => {
    const facts = { asked: 'b', engineTold: 'b', engineCarriedOut: 'b', engineBusy: false };
    expect(decideBackupRequest(facts)).toEqual({ kind: 'carriedOut', request: 'b' });
  });
});
