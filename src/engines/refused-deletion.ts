// restic tells so of each file that it may not remove (internal/backend/retry/backend_retry.go, 0.18). A forget goes on then,
// and ends well up to 0.18; a prune, and a forget of 0.19, ends with an error. A lock that stays keeps every forget out.
const removal = /^[ \t]*Remove\(<([a-z]+)\/[0-9a-f]+>\) failed: (.*)$/gm;
// What stores call it: AWS, MinIO and Ceph AccessDenied, others MethodNotAllowed or the plain status.
const refusal = /access ?denied|forbidden|method ?not ?allowed|not authorized|\b403\b|\b405\b/i;

const LONGEST_WORDS = 200;

/** What the store said where it did not let a mover remove a file, on one line; absent where it did not refuse. */
export function refusedDeletion(log: string): string | undefined {
  for (const [, what = '', why = ''] of log.matchAll(removal)) {
    if (!refusal.test(why)) continue;
    const words = why.replaceAll(/\p{Cc}/gu, ' ').trim();
    return `${words.slice(0, LONGEST_WORDS)} (of a ${what})`;
  }
  return undefined;
}
