/** What restic 0.18's exit codes mean (cmd/restic/main.go), and those of signals, as shells count them. */
export const resticExitWords: Readonly<Record<number, string>> = {
  3: 'some files could not be read',
  10: 'the repository does not exist',
  11: 'the repository is locked',
  12: 'the password of the repository is wrong',
  130: 'it was interrupted',
  137: 'it was killed',
  143: 'it was asked to end: its pod was evicted, or its node drained',
};
