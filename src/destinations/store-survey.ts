import type { CallOptions, ObjectEntry } from './destination.ts';
import { CLAIM_RECORDS_PREFIX } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { failure, success, type Outcome } from './outcome.ts';
import { stepsWithin } from './time-limit.ts';

/** What lies in a store, as far as it tells whose it is. */
export type StoreSurvey = {
  /** The key of an object that is no folder marker; absent when there is none. */
  readonly sampleKey?: string;
  /** Which destinations the first ledger records name, in key order; undefined for one that names none. */
  readonly recordsOf: readonly (string | undefined)[];
};

const RECORDS = 20;
const PAGE_KEYS = 1_000;
/** A store of folder markers and nothing else is no bigger than this. */
const MAXIMUM_PAGES = 5;

/** Zero bytes under the name of a folder: consoles and some tools make them, and they hold nothing. */
const isFolderMarker = ({ key, sizeBytes }: ObjectEntry): boolean =>
  sizeBytes === 0 && (key === '' || key.endsWith('/'));

const findSample = async (store: Pick<ObjectStore, 'listPage' | 'description'>, step: () => CallOptions) => {
  let continuation: string | undefined;
  for (let pages = 0; pages < MAXIMUM_PAGES; pages += 1) {
    const page = await store.listPage('', {
      ...step(),
      maximumKeys: PAGE_KEYS,
      ...(continuation === undefined ? {} : { continuation }),
    });
    if (!page.ok) return page;
    const sample = page.value.entries.find((entry) => !isFolderMarker(entry));
    continuation = page.value.next;
    if (sample !== undefined || continuation === undefined) return success(sample?.key);
  }
  return failure('TooLarge', `${store.description}: more folder markers than a new store holds`);
};

const destinationIdOf = (bytes: Uint8Array): string | undefined => {
  try {
    const record: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const isNamed = typeof record === 'object' && record !== null && 'destinationId' in record;
    return isNamed && typeof record.destinationId === 'string' ? record.destinationId : undefined;
  } catch {
    return undefined;
  }
};

const readRecords = async (
  store: Pick<ObjectStore, 'listPage' | 'read'>,
  step: () => CallOptions,
): Promise<Outcome<readonly (string | undefined)[]>> => {
  const page = await store.listPage(CLAIM_RECORDS_PREFIX, { ...step(), maximumKeys: RECORDS });
  if (!page.ok) return page;
  const keys = page.value.entries.map(({ key }) => key).filter((key) => key.endsWith('.json'));
  const records = await Promise.all(keys.map((key) => store.read(key, step())));
  const recordsOf: (string | undefined)[] = [];
  for (const record of records) {
    if (!record.ok) return record;
    // One that went since it was listed names nobody.
    recordsOf.push(record.value === undefined ? undefined : destinationIdOf(record.value));
  }
  return success(recordsOf);
};

/** Looks through a store, whatever its identity: only to decide which destination it is. */
export const surveyStore = async (
  store: Pick<ObjectStore, 'listPage' | 'read' | 'description'>,
  options: CallOptions,
): Promise<Outcome<StoreSurvey>> => {
  const step = stepsWithin(options);
  const sample = await findSample(store, step);
  if (!sample.ok) return sample;
  if (sample.value === undefined) return success({ recordsOf: [] });
  const records = await readRecords(store, step);
  return records.ok ? success({ sampleKey: sample.value, recordsOf: records.value }) : records;
};
