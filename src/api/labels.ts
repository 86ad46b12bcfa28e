import { API_GROUP } from './group.ts';

/** The one label a user sets on a claim. Its value is the name of a BackupPolicy. */
export const TIER_LABEL = 'backup';

/** Marks every object that Rebound makes, so that it can be told from what users make. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'rebound';

/** On objects in an application's namespace: the UID of the claim that they serve (a claim's name may be too long for a label). */
export const CLAIM_UID_LABEL = `${API_GROUP}/claim-uid`;
/** On what movers of Rebound's own need: the UID of the object that they work for. Owner references do not cross namespaces. */
export const OWNER_UID_LABEL = `${API_GROUP}/owner-uid`;
/** On the same: the namespace of the claim. */
export const CLAIM_NAMESPACE_LABEL = `${API_GROUP}/claim-namespace`;
/** On what a mover needs: the claim as `<namespace>/<name>`, whose name may be too long for a label. */
export const CLAIM_ANNOTATION = `${API_GROUP}/claim`;
/** On objects in an application's namespace: what they are for. */
export const ROLE_LABEL = `${API_GROUP}/role`;
/** Value of the role label on prime claims: the claims that get a restored volume first. */
export const PRIME_ROLE = 'prime';
/** Value of the role label on what restores. */
export const RESTORE_ROLE = 'restore';
/** Value of the role label on what belongs to a backup run: its Job, its pod, and its first snapshot. */
export const BACKUP_ROLE = 'backup';
/** Value of the role label on what has the copy of a volume that a backup run reads. */
export const COPY_ROLE = 'copy';
/** Value of the role label on what removes old snapshots from a repository. */
export const MAINTAIN_ROLE = 'maintain';
/** Value of the role label on pods that look whether a volume is empty before a restore fills it. */
export const LOOK_ROLE = 'look';
/**
 * Finalizer of prime claims: it may have been bound to a volume that nobody has looked at yet, and that must not go with it.
 * Taken off once that volume is known to be one that a restore may fill, or was kept.
 */
export const UNCHECKED_VOLUME_FINALIZER = `${API_GROUP}/unchecked-volume`;
/**
 * In the selector of a claim that waits: no volume has this label, so none but the one that names the claim binds to it.
 * The value is the VolumeRestore's name.
 */
export const WAITS_FOR_LABEL = `${API_GROUP}/waits-for`;

/**
 * What the user asks for when a claim is created: `latest` (the default), `newest`, `none`, an RFC 3339 time, or a snapshot
 * id. While the claim waits, a changed value counts.
 */
export const RESTORE_ANNOTATION = `${API_GROUP}/restore`;

/** What admission decided for a claim: `restore`, `fresh`, `hold` or `ignore`. Written by the webhook only. */
export const DECISION_ANNOTATION = `${API_GROUP}/decision`;
/** Why, in one sentence, for the person who reads the claim. */
export const DECISION_REASON_ANNOTATION = `${API_GROUP}/decision-reason`;
/**
 * Ties the decision to this claim and to the moment, `<namespace>/<name>@<time>`, so that an annotation copied out of a
 * cluster does not pass for a decision.
 */
export const DECISION_TOKEN_ANNOTATION = `${API_GROUP}/decision-token`;

/** On a claim, or on its namespace: a whole number; restores with a higher one begin first. Set by users. */
export const RESTORE_PRIORITY_ANNOTATION = `${API_GROUP}/restore-priority`;

/** The user and groups that the mover shall run as: `<uid>`, `<uid>:<gid>` or `<uid>:<gid>:<fsGroup>`. Set by users. */
export const MOVER_USER_ANNOTATION = `${API_GROUP}/mover-user`;

/** Says why a claim needs no backup. Set by users. */
export const EXEMPT_REASON_ANNOTATION = `${API_GROUP}/exempt-reason`;

/** Any new value asks for a backup now, besides the schedule. Set by users. */
export const BACKUP_NOW_ANNOTATION = `${API_GROUP}/backup-now`;
/**
 * Names a snapshot (8 digits of its id or more) by which the user accepts a collapse: the collapsed one or any since; or,
 * where the volume was found empty, the moment of that. No later collapse is accepted by it. Set by users.
 */
export const ACCEPT_COLLAPSE_ANNOTATION = `${API_GROUP}/accept-collapse`;
/** `ignore`: the volume is a spool or a cache, and may fall to nothing at any time. Set by users. */
export const COLLAPSE_ANNOTATION = `${API_GROUP}/collapse`;
/**
 * Names the snapshot (8 digits of its id or more) that was restored although newer ones exist, or the one of an earlier claim that
 * was not restored, and says that this is right: from then on old snapshots are removed again. Set by users.
 */
export const ACCEPT_RESTORE_ANNOTATION = `${API_GROUP}/accept-restore`;

/**
 * A time since which it is right that a changed tier removes more than half of all snapshots: it answers what waits since then or longer,
 * and no later change. Set by users.
 */
export const ACCEPT_REMOVAL_ANNOTATION = `${API_GROUP}/accept-removal`;
/** Any new value asks for the removal of old snapshots now, besides the daily one. Set by users. */
export const MAINTAIN_NOW_ANNOTATION = `${API_GROUP}/maintain-now`;

/**
 * On a BackupDestination: the identity that its store is to be given though it holds something already, or was expected
 * to have one and has none. Set by users.
 */
export const INITIALIZE_ANNOTATION = `${API_GROUP}/initialize`;

/** On an engine's object: the Secret that it named before its present one, and that is still to be removed. */
export const FORMER_SECRET_ANNOTATION = `${API_GROUP}/former-secret`;

/** Names the cluster (UID of its namespace kube-system) whose place this one takes as the writer of a claim's backups. Set by users. */
export const TAKE_OVER_ANNOTATION = `${API_GROUP}/take-over`;

/** On a snapshot that is being deleted: the time at which the snapshot controller was last made to look at it. */
export const LOOK_AGAIN_ANNOTATION = `${API_GROUP}/look-again`;
