/** What decides whether snapshots of a repository may be removed now. */
export interface ObstacleFacts {
  /** The tier is suspended. */
  readonly isSuspended: boolean;
  /** Whether this cluster writes the claim's backups, and can show that it lives. */
  readonly isOurs: boolean;
  /** What is open, one word each, see `reasonsToKeepAll`; undefined while nobody has looked. */
  readonly open: readonly string[] | undefined;
  readonly isRestoring: boolean;
  /** `unjudged`: one has ended, and what it saved is not known yet. `due`: one begins soon. */
  readonly backup: 'none' | 'due' | 'running' | 'unjudged';
}

/** Why nothing may be removed now. */
export interface Obstacle {
  /** A clause. */
  readonly message: string;
  /** A maintenance under way is broken off for it, too. */
  readonly endsOne: boolean;
}

const ending = (message: string): Obstacle => ({ message, endsOne: true });

/** Says what keeps a repository from being maintained; undefined where nothing does. What is not known keeps it, too. */
export function maintenanceObstacle({
  isSuspended,
  isOurs,
  open,
  isRestoring,
  backup,
}: ObstacleFacts): Obstacle | undefined {
  if (!isOurs) return ending('this cluster is not known to be the one that writes the backups of the claim');
  if (open === undefined) return ending('the backups of the claim have not been looked at yet');
  if (open.length > 0) return ending(`no snapshot may be removed meanwhile (${open.join(', ')})`);
  if (isRestoring) return ending('the claim is being restored');
  if (isSuspended) return ending('the tier is suspended');
  switch (backup) {
    case 'running':
      return ending('a backup runs');
    case 'unjudged':
      return ending('what the last backup saved is not known yet');
    case 'due':
      return { message: 'a backup begins soon', endsOne: false };
    case 'none':
      return undefined;
  }
}
