# Any image with Node 24 at /nodejs/bin/node serves as the base; no shell is needed.
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot
FROM ${BASE_IMAGE}
COPY dist/*.mjs dist/*.LEGAL.txt /app/
# Made for the processor that the bundle was built on.
COPY dist/node_modules /app/node_modules
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["/nodejs/bin/node", "/app/rebound.mjs"]
