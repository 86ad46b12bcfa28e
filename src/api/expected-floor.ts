// Generated from policies/ by `npm run generate`. Do not edit.

/** Digest of the rules of the policy that refuses undecided claims, as this version ships it. */
export const EXPECTED_FLOOR_DIGEST = 'da6645fb65239bd267436f8a090b9937379d5e9a5654d1ae6a0bda177ef1c7c7';
