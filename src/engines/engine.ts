import type { BackupPolicy, EngineName } from '../api/backup-policy.ts';
import type { ProtectedVolume } from '../api/protected-volume.ts';
import type { MoverUser, SnapshotReference } from '../api/snapshot.ts';
import type { VolumeRestore } from '../api/volume-restore.ts';
import type { LookReport } from '../domain/look-report.ts';
import type { RestoreReport } from '../domain/proof.ts';
import type { MoverProgress } from '../domain/restore-progress.ts';
import type { PersistentVolumeClaim, Pod, StorageClass } from '../kube/model/built-in-kinds.ts';
import type { RepositoryAccess } from '../repositories/access.ts';
import type { MoverTrouble } from './mover-trouble.ts';

/** Which attempt of which restore, counted from 1. */
export interface AttemptRef {
  readonly restore: VolumeRestore;
  readonly attempt: number;
}

/** What an attempt is to be. */
export interface AttemptPlan extends AttemptRef {
  readonly policy: BackupPolicy;
  readonly access: RepositoryAccess;
  readonly snapshot: SnapshotReference;
  readonly moverUser: MoverUser;
  /** The class of the claim; absent when it has none, or one that does not exist. */
  readonly claimStorageClass: StorageClass | undefined;
  /** Everything is made ready, and no mover starts yet: nothing may be written before the volume was looked at. */
  readonly paused: boolean;
  /** What is in the volume beside the snapshot is removed: for a volume only that an earlier attempt has filled. */
  readonly deletesFiles: boolean;
}

/** A mover that is waited for. */
export interface NotStarted {
  readonly waitedMilliseconds: number;
  /** Asks the cluster what keeps it; undefined when nobody says anything. */
  readonly explain: () => Promise<MoverTrouble | undefined>;
}

export interface RunningAttempt {
  readonly kind: 'running';
  /** What went wrong on the mover's last try, or keeps it from starting. */
  readonly trouble?: MoverTrouble | undefined;
  /** Absent once the mover was seen or heard. */
  readonly notStarted?: NotStarted | undefined;
  /** A mover works just now: it must not be replaced. */
  readonly moverRuns: boolean;
  /** A mover that looks for itself has found the volume empty, and may have written into it. */
  readonly mayHaveWritten?: boolean | undefined;
}

/** The attempt is over, and another one is needed. */
export interface FailedAttempt {
  readonly kind: 'failed';
  readonly trouble: MoverTrouble;
  readonly mayHaveWritten: boolean;
  /** Milliseconds since 1970. */
  readonly endedAtMilliseconds: number;
}

export interface EndedAttempt {
  readonly kind: 'ended';
  readonly report: RestoreReport;
  /** False where a part of what the mover said may be missing. */
  readonly heardAll: boolean;
  /** What of owners, modes, times and attributes did not come back, as a sentence; absent where all did, or nobody looked. */
  readonly lost?: string | undefined;
}

/** Where an attempt stands. */
export type AttemptState =
  | { readonly kind: 'absent' }
  /** Prepared, and not yet allowed to start. */
  | { readonly kind: 'paused' }
  | RunningAttempt
  | FailedAttempt
  /** Its mover found files in the volume, and wrote nothing. */
  | { readonly kind: 'notEmpty'; readonly report: LookReport }
  | EndedAttempt;

/**
 * Restores a snapshot into a claim. It is told what to restore and says what became of it; which snapshot is the right one, whether the
 * volume may be written into, and whether what came back is enough, is decided by others. Everything can be called again.
 */
export interface RestoreEngine {
  /** Why it can't restore a claim, a clause; undefined where it can. Looks at local copies only. */
  readonly refusal: (claim: PersistentVolumeClaim) => string | undefined;
  /**
   * The name of the Secret beside the claim that gives an attempt's mover the repository, to be recorded before the attempt is started;
   * undefined where there is none.
   */
  readonly secretName: (plan: AttemptRef & Pick<AttemptPlan, 'access'>) => string | undefined;
  /** Its movers give all files back to their owners, with their ACLs, capabilities and devices. */
  readonly restoresAllMetadata: boolean;
  /** Its movers see for themselves, before they write, that a volume is empty. */
  readonly looksItself: boolean;
  /** Its movers are our own: they wait for their turn. */
  readonly isQueued: boolean;
  /** Makes the attempt's objects what is wanted now. */
  readonly start: (plan: AttemptPlan) => Promise<void>;
  /** Looks at local copies only. */
  readonly observe: (attempt: AttemptRef) => AttemptState;
  /** How far a running mover is, by what it says; undefined where it did not say it yet. Absent where its movers never tell. */
  readonly progress?: ((attempt: AttemptRef) => Promise<MoverProgress | undefined>) | undefined;
  /** Ends an attempt, whatever of it is there: Secret, objects, mover and cache. */
  readonly discard: (attempt: AttemptRef) => Promise<void>;
  /** Ends all attempts of a restore that may be there. */
  readonly discardAll: (restore: VolumeRestore) => Promise<void>;
  /** Whether a pod is the mover of that attempt, and not of another one. */
  readonly isMoverOf: (pod: Pod, attempt: AttemptRef) => boolean;
  /** Whether the repository kept the mover out, by a lock or by its keys, rather than anything else. */
  readonly isShutOut: (trouble: MoverTrouble) => boolean;
  /** One sentence: where to look when a mover does not start and nobody says why. */
  readonly absentMoverAdvice: string;
}

/** All engines, by the name that a tier gives them. */
export type RestoreEngines = Readonly<Record<EngineName, RestoreEngine>>;

/** Files that a backup left out because they could not be read. */
export interface UnreadableFiles {
  readonly count: number;
  /** The first of them, with what was wrong: `open /data/pgdata: permission denied`. */
  readonly first: readonly string[];
}

/** One backup run, whose name follows from the claim and from why it was begun. */
export interface RunRef {
  readonly name: string;
  /** The claim's namespace. */
  readonly namespace: string;
}

/** What a run is to be. */
export interface RunPlan extends RunRef {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  readonly policy: BackupPolicy;
  readonly access: RepositoryAccess;
  /** The user's request for a backup now that it carries out. */
  readonly request?: string | undefined;
  /** The last good snapshot, where it is known to be there: what did not change since is not read again. */
  readonly parentId?: string | undefined;
}

/** How a run ended. */
export type RunOutcome =
  /** `snapshotId` is absent where nobody has named it. */
  | { readonly kind: 'saved'; readonly snapshotId?: string | undefined }
  /** The snapshot lacks what could not be read. */
  | { readonly kind: 'partial'; readonly unreadable: UnreadableFiles }
  /** The volume held no file, so that there is no snapshot. */
  | { readonly kind: 'empty' }
  /** `isWhole`: a snapshot that it may have left nevertheless lacks nothing. */
  | { readonly kind: 'failed'; readonly trouble: MoverTrouble; readonly isWhole: boolean };

/** A run that is over, and whose snapshots, if it left any, have the tag of its id. */
export interface EndedRun extends RunRef {
  readonly kind: 'ended';
  readonly runId: string;
  /** RFC 3339; the same each time it is looked at. */
  readonly endedAt: string;
  readonly request?: string | undefined;
  readonly outcome: RunOutcome;
}

export type RunState =
  | { readonly kind: 'none' }
  | (RunRef & {
      readonly kind: 'underWay';
      readonly request?: string | undefined;
      /** What keeps it, once that has lasted. */
      readonly trouble?: MoverTrouble | undefined;
      /** When to look again by itself. */
      readonly lookAgainMilliseconds?: number | undefined;
    })
  | EndedRun;

/**
 * Backs claims up, each run when it is told to. When that is, what a run has left, and what is done about it, is decided by others.
 * Everything can be called again.
 */
export interface BackupEngine {
  /** Why it can't back up a claim, a clause; undefined where it can. Looks at local copies only. */
  readonly refusal: (claim: PersistentVolumeClaim, policy: BackupPolicy) => string | undefined;
  /** The run of a claim that anything is left of, by local copies. */
  readonly runOf: (claim: PersistentVolumeClaim) => RunRef | undefined;
  readonly observe: (claim: PersistentVolumeClaim) => Promise<RunState>;
  /** Begins a run, or takes the next steps of it. */
  readonly advance: (plan: RunPlan) => Promise<void>;
  /** Ends a run, whatever of it is there, in an order that leaves nothing with the storage driver. True once nothing is left. */
  readonly discard: (run: RunRef) => Promise<boolean>;
  /** A clause: where to look when a run does not end and nobody says why. */
  readonly advice: string;
}

/** The engines that back up run by run. The tiers of all others are backed up by the schedules of their engine itself. */
export type BackupEngines = Readonly<Partial<Record<EngineName, BackupEngine>>>;
