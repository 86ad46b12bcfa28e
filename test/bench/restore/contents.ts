/** What a bench restores: random bytes, nothing that restic could compress or store once. */
export interface Contents {
  readonly files: number;
  readonly sizeMiB: number;
  /** Of the claim. */
  readonly capacity: string;
  /** For bash, in the folder that is to be filled. */
  readonly fillScript: string;
}

const MIB_BYTES = 2 ** 20;

const small = (files: number, fileBytes: number): string => `
mkdir small
head --bytes=${files * fileBytes} /dev/urandom | split --bytes=${fileBytes} --suffix-length=5 - small/file-
`;

const big = (name: string, fileBytes: number): string => `head --bytes=${fileBytes} /dev/urandom > ${name}\n`;

/** The sets of files that there are. */
export const allContents = {
  /** 1,000 small files and two big ones. */
  mixed: {
    files: 1_002,
    sizeMiB: 262,
    capacity: '1Gi',
    fillScript: `${small(1_000, 6_144)}${big('big-1', 128 * MIB_BYTES)}${big('big-2', 128 * MIB_BYTES)}sync`,
  },
  'one-file': { files: 1, sizeMiB: 4_096, capacity: '6Gi', fillScript: `${big('big-1', 4_096 * MIB_BYTES)}sync` },
  'many-files': { files: 200_000, sizeMiB: 781, capacity: '3Gi', fillScript: `${small(200_000, 4_096)}sync` },
} as const satisfies Readonly<Record<string, Contents>>;

export type ContentsName = keyof typeof allContents;

export const isContentsName = (name: string): name is ContentsName => Object.hasOwn(allContents, name);

/** For bash: one line with the number of files and a checksum of their names and contents. */
export const checksumScript = `
echo "$(find . -type f | wc --lines) files, $(
  find . -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null sha256sum | sha256sum | cut --fields=1 --delimiter=' '
)"
`;
