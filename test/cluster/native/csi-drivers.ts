/** A CSI driver of the cluster. All are the same program, ./go/csi-hostdir, under names of their own. */
export interface CsiDriver {
  /** The CSIDriver's name; storage classes in ../add-ons name it too. */
  readonly driverName: string;
  /** What its volumes are: folders of any size, or ext4 images of their real size. */
  readonly medium: 'folder' | 'ext4';
}

export const csiDrivers = {
  hostdir: { driverName: 'hostdir.csi.rebound.dev', medium: 'folder' },
  ext4: { driverName: 'ext4.csi.rebound.dev', medium: 'ext4' },
  nosnap: { driverName: 'nosnap.csi.rebound.dev', medium: 'folder' },
  nofsgroup: { driverName: 'nofsgroup.csi.rebound.dev', medium: 'folder' },
} as const satisfies Record<string, CsiDriver>;

export type CsiDriverKey = keyof typeof csiDrivers;
