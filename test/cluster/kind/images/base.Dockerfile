# What tests run shell scripts in; on the native cluster it is the same Debian, packed without Docker.
FROM debian:bookworm-slim
