import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableObjectError } from '../model/unreadable-object.ts';
import { controllerKeysOf, namespaceOf, Store } from './store.ts';

interface Claim {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly volumes: readonly string[];
}

function claim(key: string, resourceVersion: string, volumes: readonly string[] = []): Claim {
  const [namespace = '', name = ''] = key.split('/');
  return { apiVersion: 'v1', kind: 'Claim', metadata: { namespace, name, resourceVersion }, volumes };
}

const indexers = { namespace: namespaceOf, volume: (object: Claim) => object.volumes };

describe('Store', () => {
  it('reports a change once, and the same version not at all', () => {
    const store = new Store<Claim>();
    const [one, two] = [claim('a/b', '1'), claim('a/b', '2')];
    expect(store.set('a/b', { resourceVersion: '1', object: one })).toEqual({ key: 'a/b', current: one });
    expect(store.set('a/b', { resourceVersion: '1', object: one })).toBeUndefined();
    expect(store.set('a/b', { resourceVersion: '2', object: two })).toEqual({
      key: 'a/b',
      previous: one,
      current: two,
    });
    expect(store.delete('a/b')).toEqual({ key: 'a/b', previous: two });
    expect(store.delete('a/b')).toBeUndefined();
  });

  it('invariant 2: does not take an object it cannot read for absent', () => {
    const store = new Store<Claim>(indexers);
    store.set('a/b', { resourceVersion: '1', object: claim('a/b', '1') });
    expect(store.set('a/b', { resourceVersion: '2', unreadable: 'no spec' })).toMatchObject({ key: 'a/b' });
    expect(() => store.get('a/b')).toThrow(UnreadableObjectError);
    expect(store.list()).toEqual([]);
    expect(store.byIndex('namespace', 'a')).toEqual([]);
    expect(store.all()).toEqual([{ key: 'a/b' }]);
  });

  it('refuses an index that does not exist', () => {
    expect(() => new Store<Claim>().byIndex('volume', 'v')).toThrow('no index "volume"');
  });

  it('finds by index exactly what a search through everything finds, whatever happened before', () => {
    const key = fc.constantFrom('a/1', 'a/2', 'b/1');
    const volumes = fc.uniqueArray(fc.constantFrom('v', 'w', 'x'));
    const step = fc.oneof(fc.record({ key, volumes }), fc.record({ key }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = new Store<Claim>(indexers);
        steps.forEach((it, version) => {
          const resourceVersion = String(version);
          if ('volumes' in it) {
            store.set(it.key, { resourceVersion, object: claim(it.key, resourceVersion, it.volumes) });
          } else store.delete(it.key);
        });
        for (const volume of ['v', 'w', 'x']) {
          const found = store.byIndex('volume', volume);
          const searched = store.list().filter((object) => object.volumes.includes(volume));
          expect(new Set(found)).toEqual(new Set(searched));
        }
      }),
    );
  });
});

it('maps a child to its controlling owner only', () => {
  const owner = { apiVersion: 'v1', uid: 'u', name: 'o' };
  const child = {
    ...claim('a/b', '1'),
    metadata: {
      namespace: 'a',
      name: 'b',
      ownerReferences: [
        { ...owner, kind: 'Restore', controller: true },
        { ...owner, kind: 'Restore', name: 'p' },
        { ...owner, kind: 'Other', controller: true },
      ],
    },
  };
  expect(controllerKeysOf('Restore')(child)).toEqual(['a/o']);
});
