import { lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Libc, LibcError, openLibc } from './libc.ts';

let libc: Libc;
let folder: string;
let file: Buffer;

beforeAll(async () => {
  libc = await openLibc();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebound-libc-'));
  file = Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.of(0xff)]);
  writeFileSync(file, 'x');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('the C library', () => {
  it('keeps attributes byte by byte, of files whose names are no UTF-8 too', () => {
    expect(libc.listAttributes(file)).toEqual([]);
    libc.setAttribute(file, 'user.note', Buffer.of(0, 0xff, 1));
    libc.setAttribute(file, 'user.empty', Buffer.alloc(0));
    expect(libc.listAttributes(file).toSorted()).toEqual(['user.empty', 'user.note']);
    expect(libc.attribute(file, 'user.note')).toEqual(Buffer.of(0, 0xff, 1));
    expect(libc.attribute(file, 'user.empty')).toEqual(Buffer.alloc(0));
    libc.removeAttribute(file, 'user.note');
    expect(libc.attribute(file, 'user.note')).toBeUndefined();
  });

  it('sets times to the nanosecond, before 1970 too, and of a link itself', () => {
    const link = join(folder, 'link');
    symlinkSync(file, link);
    libc.setModifiedTime(file, 981_173_106_789_012_345n);
    libc.setModifiedTime(Buffer.from(link), -1n);
    expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(981_173_106_789_012_345n);
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(-1n);
  });

  it('brings what was written to the medium', () => {
    expect(() => libc.flush(Buffer.from(folder))).not.toThrow();
    expect(() => libc.flush(Buffer.from(join(folder, 'nowhere')))).toThrow('ENOENT');
  });

  it('says what the system refused', () => {
    const nowhere = Buffer.from(join(folder, 'nowhere'));
    expect(() => libc.listAttributes(nowhere)).toThrow(LibcError);
    expect(() => libc.setModifiedTime(nowhere, 0n)).toThrow('utimensat');
    expect(() => libc.setAttribute(file, 'nonsense', Buffer.alloc(0))).toThrow(/EOPNOTSUPP|ENOTSUP/);
  });
});
