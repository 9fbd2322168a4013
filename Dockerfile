# The node as a container: docker build -t postern . && docker run -p 18080:18080 -v postern:/data postern
FROM debian:12-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends dpkg-dev file nodejs npm
COPY . .
RUN ./dev build release && cpack --config build/release/CPackConfig.cmake -B /package

FROM debian:12-slim
COPY --from=build /package/postern_*.deb /tmp/
RUN apt-get update \
    && apt-get install -y --no-install-recommends /tmp/postern_*.deb ca-certificates \
    && rm -rf /tmp/postern_*.deb /var/lib/apt/lists/* \
    && useradd --uid 18080 --no-create-home --home-dir /data --shell /usr/sbin/nologin postern \
    && install -d -o postern -g postern -m 0700 /data
USER postern
VOLUME /data
EXPOSE 18080 18081 18082
# Within the container the admin listener is open to its network; publish 18081 only where you mean to.
ENTRYPOINT ["postern"]
CMD ["serve", "--data", "/data", "--set", "gateway.listen=0.0.0.0:18080", \
     "--set", "admin.listen=0.0.0.0:18081", "--set", "rawsocket.listen=0.0.0.0:18082"]
