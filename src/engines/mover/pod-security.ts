// Pod Security `baseline` allows all of this: UID 0, with none of the rights that go with it but those named here.

const withCapabilities = (...add: readonly string[]) => ({
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'], add },
});

/** May read what belongs to others. `DAC_READ_SEARCH` would do, but `baseline` does not allow it. */
export const readerSecurity = withCapabilities('DAC_OVERRIDE');

/**
 * May make files of any owner, mode and kind, with their ACLs and capabilities. Without `FSETID` the kernel takes the set-group-ID
 * bit off whatever belongs to a group that is not the mover's, and says nothing (chmod(2)).
 */
export const restorerSecurity = withCapabilities('CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP', 'MKNOD');

/** May read what belongs to others, and give the volume's top folder its owner, mode and ACL. */
export const proverSecurity = withCapabilities('CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID');

/** Works on the repository alone: no right of root's is of use to it. */
export const keeperSecurity = withCapabilities();

/** Of a mover's pod. No fsGroup: the kubelet would change groups and modes of all files. */
export const podSecurity = {
  runAsUser: 0,
  runAsGroup: 0,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;
