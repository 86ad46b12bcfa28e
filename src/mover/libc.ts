import { closeSync, openSync } from 'node:fs';

/** What Node's own file functions lack: extended attributes, and times to the nanosecond. */
export interface Libc {
  /** Names of the attributes of an entry, a link itself and not what it points to; none where its file system has no such thing. */
  readonly listAttributes: (path: Buffer) => readonly string[];
  /** An attribute's value; undefined where it is not there. */
  readonly attribute: (path: Buffer, name: string) => Buffer | undefined;
  readonly setAttribute: (path: Buffer, name: string, value: Uint8Array) => void;
  readonly removeAttribute: (path: Buffer, name: string) => void;
  /** Sets when an entry's content was changed last; nanoseconds since 1970. */
  readonly setModifiedTime: (path: Buffer, nanoseconds: bigint) => void;
  /** Returns once all that was written into the file system of a folder is on its medium. */
  readonly flush: (path: Buffer) => void;
}

/** An operating system's refusal. `code` is as Node names them, `ENOSPC`. */
export class LibcError extends Error {
  readonly code: string;

  constructor(call: string, path: Buffer, code: string) {
    super(`${call} ${path.toString('utf8')}: ${code}`);
    this.code = code;
  }
}

// linux/limits.h: longest list of names, longest value.
const LONGEST = 65_536;
// linux/fcntl.h, linux/stat.h
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3ffffffen;
const NANOSECONDS = 1_000_000_000n;

const terminated = (text: Buffer | string): Buffer => Buffer.concat([Buffer.from(text), Buffer.of(0)]);

/** `struct timespec[2]` of 64-bit Linux: the time of access, which is left as it is, and that of the last change. */
function timesOf(nanoseconds: bigint): Buffer {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(UTIME_OMIT, 8);
  times.writeBigInt64LE((nanoseconds - rest) / NANOSECONDS, 16);
  times.writeBigInt64LE(rest, 24);
  return times;
}

/**
 * Opens the C library that the process runs on. Its calls block: for a process that does one thing.
 *
 * @throws where there is none, or on a system that is not Linux of 64 bits.
 */
export async function openLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const codes = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  const lastCode = (): string => codes.get(koffi.errno()) ?? `error ${koffi.errno()}`;

  const list = library.func('int64_t llistxattr(const void *path, void *list, size_t size)');
  const get = library.func('int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)');
  const set = library.func(
    'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  );
  const remove = library.func('int lremovexattr(const void *path, const void *name)');
  const utimens = library.func('int utimensat(int folder, const void *path, const void *times, int flags)');

  const syncfs = library.func('int syncfs(int file)');

  const buffer = Buffer.alloc(LONGEST);
  const check = (result: unknown, call: string, path: Buffer): void => {
    if (Number(result) < 0) throw new LibcError(call, path, lastCode());
  };

  return {
    listAttributes(path) {
      const length = Number(list(terminated(path), buffer, LONGEST));
      if (length >= 0) return buffer.toString('utf8', 0, length).split('\0').slice(0, -1);
      const code = lastCode();
      if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return [];
      throw new LibcError('llistxattr', path, code);
    },
    attribute(path, name) {
      const length = Number(get(terminated(path), terminated(name), buffer, LONGEST));
      if (length >= 0) return Buffer.from(buffer.subarray(0, length));
      const code = lastCode();
      if (code === 'ENODATA' || code === 'EOPNOTSUPP' || code === 'ENOTSUP') return undefined;
      throw new LibcError(`lgetxattr ${name}`, path, code);
    },
    setAttribute(path, name, value) {
      check(set(terminated(path), terminated(name), value, value.length, 0), `lsetxattr ${name}`, path);
    },
    removeAttribute(path, name) {
      check(remove(terminated(path), terminated(name)), `lremovexattr ${name}`, path);
    },
    setModifiedTime(path, nanoseconds) {
      const result: unknown = utimens(AT_FDCWD, terminated(path), timesOf(nanoseconds), AT_SYMLINK_NOFOLLOW);
      check(result, 'utimensat', path);
    },
    flush(path) {
      const file = openSync(path, 'r');
      try {
        check(syncfs(file), 'syncfs', path);
      } finally {
        closeSync(file);
      }
    },
  };
}
