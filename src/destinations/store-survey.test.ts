import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore, type MemoryStore } from '#doubles/destinations/memory-store.ts';
import { failure } from './outcome.ts';
import { surveyStore } from './store-survey.ts';

const limits = { timeoutMilliseconds: 1_000 };
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const recordKey = (claim: string): string => `.rebound/claims/shop/${claim}.json`;

let store: MemoryStore;

beforeEach(() => {
  store = createMemoryStore();
});

describe('surveyStore', () => {
  it('finds nothing in an empty store, or in one of folder markers', async () => {
    expect(await surveyStore(store, limits)).toEqual({ ok: true, value: { recordsOf: [] } });
    for (const key of ['', 'shop/', 'shop/data/']) store.objects.set(key, new Uint8Array());
    expect(await surveyStore(store, limits)).toEqual({ ok: true, value: { recordsOf: [] } });
  });

  it.each([
    ['an object', 'shop/data/config', 'x'],
    ['an object without bytes', 'notes.txt', ''],
    ['a folder marker with bytes', 'shop/', 'x'],
  ])('names %s', async (_, key, content) => {
    store.objects.set('a/', new Uint8Array());
    store.objects.set(key, Buffer.from(content));
    expect(await surveyStore(store, limits)).toEqual({ ok: true, value: { sampleKey: key, recordsOf: [] } });
  });

  it('reads which destinations the first twenty records name', async () => {
    for (let count = 10; count < 35; count += 1) {
      store.objects.set(recordKey(`c${count}`), bytesOf({ version: 1, destinationId: count < 30 ? 'a' : 'b' }));
    }
    const survey = await surveyStore(store, limits);
    expect(survey).toEqual({ ok: true, value: { sampleKey: recordKey('c10'), recordsOf: Array(20).fill('a') } });
  });

  it('takes a record of an earlier release, or one that is none, for one that names nobody', async () => {
    store.objects.set(recordKey('a'), bytesOf({ version: 1 }));
    store.objects.set(recordKey('b'), Buffer.from('<html>'));
    store.objects.set(recordKey('c'), bytesOf({ destinationId: 'a' }));
    const survey = await surveyStore(store, limits);
    expect(survey).toMatchObject({ value: { recordsOf: [undefined, undefined, 'a'] } });
  });

  it.each(['LIST ', 'LIST .rebound/claims/', `GET ${recordKey('a')}`])(
    'invariant 2: fails when %s is not answered',
    async (call) => {
      store.objects.set(recordKey('a'), bytesOf({ destinationId: 'a' }));
      store.fault = (present) => (present === call ? failure('Timeout', 'no answer') : undefined);
      expect(await surveyStore(store, limits)).toMatchObject({ ok: false, reason: 'Timeout' });
    },
  );
});
