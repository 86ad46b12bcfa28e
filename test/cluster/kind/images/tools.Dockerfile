# The CSI driver and its sidecars, the snapshot controller, VolSync's manager. The build context holds the programs.
FROM debian:bookworm-slim
COPY csi-hostdir csi-provisioner csi-snapshotter snapshot-controller volsync versitygw /usr/local/bin/
