import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** Sections of a spec of VolSync's of which every field is Rebound's. */
const WHOLE_SECTIONS: ReadonlySet<string> = new Set(['trigger', 'restic.retain', 'restic.moverSecurityContext']);

/** Fields that Rebound sets at times: where they are not wanted any more, they go. What else others have set there stays. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'restic.cacheAccessModes',
  'restic.cacheStorageClassName',
  'restic.customCA',
  'restic.moverSecurityContext',
  'restic.volumeSnapshotClassName',
]);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The merge patch (RFC 7386) that makes a spec of VolSync's what Rebound wants; undefined where it is that already. What
 * others or defaults have added does not count.
 */
export const specPatch = (actual: Fields, wanted: Fields): Fields | undefined => patchOf(actual, wanted, '');

function patchOf(actual: Fields, wanted: Fields, section: string): Fields | undefined {
  const pathOf = (field: string): string => (section === '' ? field : `${section}.${field}`);
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(wanted)) {
    const present = actual[field];
    if (isObject(value) && isObject(present)) {
      const inner = patchOf(present, value, pathOf(field));
      if (inner !== undefined) patch[field] = inner;
    } else if (!isDeepStrictEqual(present, value)) {
      patch[field] = value;
    }
  }
  for (const field of Object.keys(actual)) {
    const isOurs = WHOLE_SECTIONS.has(section) || OWN_FIELDS.has(pathOf(field));
    if (isOurs && !(field in wanted)) patch[field] = null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
