import { z } from 'zod';
import { IDENTITY_KEY } from './layout.ts';
import { failure, success, type Outcome } from './outcome.ts';

const IDENTITY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be the id of a destination. */
export const isIdentityId = (text: string): boolean => IDENTITY_ID.test(text);

/** The record at `.rebound/destination.json`. The id is a lower-case UUID, made once and never changed. */
const destinationIdentity = z.object({
  version: z.literal(1),
  id: z.string().regex(IDENTITY_ID),
  createdAt: z.iso.datetime({ offset: true }),
});

export type DestinationIdentity = z.infer<typeof destinationIdentity>;

/** Builds a new identity from a random UUID and the present time. */
export const newDestinationIdentity = (uuid: string, now: Date): DestinationIdentity =>
  destinationIdentity.parse({ version: 1, id: uuid, createdAt: now.toISOString() });

export const encodeIdentity = (identity: DestinationIdentity): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(identity, undefined, 2)}\n`);

/** Understands the bytes of a destination's identity record. */
export const parseIdentity = (bytes: Uint8Array): Outcome<DestinationIdentity> => {
  try {
    return success(destinationIdentity.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))));
  } catch {
    const limits = 'It is not overwritten. Restore an earlier version of the object.';
    return failure('InvalidRecord', `${IDENTITY_KEY} exists but is not a destination's identity. ${limits}`);
  }
};
