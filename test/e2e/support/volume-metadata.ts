import { inApplication, type ApplicationOptions } from './application.ts';
import type { Workspace } from './workspace.ts';

/** What is known of a file beside its name and bytes. */
export const aspects = ['owner', 'mode', 'acl', 'attributes', 'linked with', 'on disk'] as const;
export type Aspect = (typeof aspects)[number];

/**
 * `<path> <aspect>` -> what it is. The volume's top folder is `.`, others begin with `./`. An aspect that a file has nothing of is
 * left out: most have no ACL.
 */
export type VolumeMetadata = ReadonlyMap<string, string>;

/** One thing that came back otherwise, with `nothing` where one side has none. */
export interface MetadataDifference {
  readonly path: string;
  readonly aspect: Aspect;
  readonly before: string;
  readonly after: string;
}

/** Begins the records of getfacl and getfattr, whose further lines are about that file. */
const joined = (aspect: Aspect): string =>
  `awk -F '\\n' -v RS= '{ path = $1; sub(/^# file: /, "", path); if (path !~ /^\\./) path = "./" path; line = "";
     for (i = 2; i <= NF; i++) if ($i !~ /^#/) line = line (line == "" ? "" : " ") $i;
     if (line != "") print path "\\t${aspect}\\t" line }'`;

/**
 * Bash that prints one line `<path>\t<aspect>\t<value>` for each thing known of what is in the current folder, and of the folder
 * itself. `on disk` is told of large files only, and as `sparse` or `full`: file systems differ in how they count.
 */
const metadataScript = `{
  find . -name lost+found -prune -o -printf '%p\\towner\\t%U:%G\\n%p\\tmode\\t%m\\n'
  find . -name lost+found -prune -o -type f -links +1 -printf '%i\\t%p\\n' | LC_ALL=C sort |
    awk -F '\\t' '{ if (!($1 in first)) first[$1] = $2; print $2 "\\tlinked with\\t" first[$1] }'
  find . -name lost+found -prune -o -type f -size +64k -printf '%p\\t%b\\t%s\\n' |
    awk -F '\\t' '{ print $1 "\\ton disk\\t" ($2 * 512 < $3 * 3 / 4 ? "sparse" : "full") }'
  getfacl --recursive --physical --skip-base --numeric --absolute-names . | grep -v 'lost+found' | ${joined('acl')}
  getfattr --recursive --physical --no-dereference --dump --encoding=hex --match='^(user|security|trusted)\\.' . |
    ${joined('attributes')}
} | LC_ALL=C sort`;

const isAspect = (text: string): text is Aspect => aspects.some((aspect) => aspect === text);

/** Reads what is known of everything in a running application's folder; it runs as the application's user. */
export async function metadataOf(
  workspace: Workspace,
  name: string,
  options: ApplicationOptions = {},
): Promise<VolumeMetadata> {
  const printed = await inApplication(workspace, name, metadataScript, options);
  const lines = printed.split('\n').map((line) => line.split('\t'));
  return new Map(lines.map(([path = '', aspect = '', value = '']) => [`${path}\t${aspect}`, value]));
}

/** What differs, in the order of paths. */
export function compareMetadata(before: VolumeMetadata, after: VolumeMetadata): readonly MetadataDifference[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => {
    const [path = '', aspect = ''] = key.split('\t');
    const [was = 'nothing', is = 'nothing'] = [before.get(key), after.get(key)];
    return was === is || !isAspect(aspect) ? [] : [{ path, aspect, before: was, after: is }];
  });
}

/**
 * Bash that adds to the current folder what backups lose most easily: an ACL, an attribute, a file capability, a hard
 * link, a sparse file, and a mode of the top folder's own.
 */
export const decorateScript = `
  head -c 5000 /dev/urandom > shared && chmod 0640 shared && setfacl --modify user:1234:rw shared
  head -c 5000 /dev/urandom > tagged && setfattr --name=user.comment --value=kept tagged
  head -c 5000 /dev/urandom > program && chmod 0755 program && setcap cap_net_bind_service=ep program
  head -c 5000 /dev/urandom > one-name && ln one-name other-name
  truncate --size=16M sparse && head -c 5000 /dev/urandom >> sparse
  chmod 0711 .
  sync .`;
