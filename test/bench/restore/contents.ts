/** 1,000 small files and two big ones of random bytes: nothing that restic could compress or store once. */
const smallFiles = 1_000;
const smallFileBytes = 6_144;
const bigFileBytes = 134_217_728;

export const contentFiles = smallFiles + 2;
export const contentMiB = Math.round((smallFiles * smallFileBytes + 2 * bigFileBytes) / 2 ** 20);

/** For bash, in the folder that is to be filled. */
export const fillScript = `
mkdir small
head --bytes=${smallFiles * smallFileBytes} /dev/urandom | split --bytes=${smallFileBytes} --suffix-length=4 - small/file-
head --bytes=${bigFileBytes} /dev/urandom > big-1
head --bytes=${bigFileBytes} /dev/urandom > big-2
sync
`;

/** For bash: one line with the number of files and a checksum of their names and contents. */
export const checksumScript = `
echo "$(find . -type f | wc --lines) files, $(
  find . -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null sha256sum | sha256sum | cut --fields=1 --delimiter=' '
)"
`;
