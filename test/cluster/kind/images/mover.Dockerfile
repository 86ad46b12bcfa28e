# VolSync's mover: restic and VolSync's own script.
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY restic /usr/local/bin/restic
COPY --chmod=0755 entry.sh /mover-restic/entry.sh
ENTRYPOINT ["/bin/bash"]
