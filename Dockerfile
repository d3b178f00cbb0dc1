# syntax=docker/dockerfile:1
# One image with the three programs: wolo-api, wolo-worker, wolo. It has no shell and no package manager, and runs as nobody
# that may do anything. `wolo probe` is its health check. Builds with BuildKit, which every Docker has had since 23.

FROM rust:1.95.0-bookworm AS build
WORKDIR /wolo
COPY . .
# What was compiled is kept between builds of one machine, outside of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/wolo/target \
    cargo build --release --locked --bin wolo --bin wolo-api --bin wolo-worker \
    && mkdir -p /out/bin /out/vault/documents /out/vault/keys \
    && cp target/release/wolo target/release/wolo-api target/release/wolo-worker /out/bin/

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="WOLO" org.opencontainers.image.licenses="MIT"
COPY --from=build /out/bin/ /usr/local/bin/
# Where one machine keeps its vault of documents. Anybody with more than one machine has buckets for that.
COPY --from=build --chown=65532:65532 /out/vault/ /var/lib/wolo/
# Which commit this is: docker build --build-arg BUILD_ID="$(git rev-parse --short HEAD)". What the worker does with it is said by
# worker.versioning.
ARG BUILD_ID=""
ENV WOLO__WORKER__BUILD_ID=$BUILD_ID
# A process that is tried again for each signal must not write a backtrace each time.
ENV WOLO_LOG_FORMAT=json RUST_BACKTRACE=0
USER 65532:65532
CMD ["/usr/local/bin/wolo-api"]
