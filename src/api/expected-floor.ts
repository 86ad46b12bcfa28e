// Generated from policies/ by `npm run generate`. Do not edit.

/** Digest of the rules of the policy that refuses undecided claims, as this version ships it. */
export const EXPECTED_FLOOR_DIGEST = '3ba888dcb3f6faa2e68ee06bff83222cc6dbca25186b8a08a9f05bf7ec7e83d4';
