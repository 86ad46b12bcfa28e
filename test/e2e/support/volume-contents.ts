/**
 * Bash that prints one checksum of everything in the current folder: names, types, modes, owners, link targets, times of
 * files and their bytes. A folder that comes back from a backup gives the same checksum.
 */
export const checksumScript = `{
  find . -mindepth 1 ! -name lost+found -printf '%P %y %m %U:%G %l\\n'
  find . -type f -printf '%P %T@\\n'
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
} | LC_ALL=C sort | sha256sum | cut -d' ' -f1`;

/**
 * Bash that fills the current folder with random data, and with what backups stumble over: names with blanks and
 * umlauts, an empty file, an empty folder, a link, a file that only its owner may read.
 * @param files how many ordinary files.
 */
export const fillScript = (files: number): string => `
  mkdir -p 'documents/by year' empty
  for number in $(seq ${files}); do head -c 4096 /dev/urandom > "documents/by year/$number"; done
  head -c 700000 /dev/urandom > large.bin
  head -c 100 /dev/urandom > 'Grüße aus der Küche.txt'
  head -c 100 /dev/urandom > secret && chmod 0600 secret
  : > nothing
  ln -s documents/nowhere link
  sync .`;
