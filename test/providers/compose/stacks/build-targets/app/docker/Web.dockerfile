FROM box:1 AS base
ARG VERSION=0
ARG FLAVOUR=none
ENV APP_VERSION=$VERSION APP_FLAVOUR=$FLAVOUR
WORKDIR /app
COPY . .
FROM base AS development
USER 1000:1000
CMD ["sleep", "1000"]
FROM base AS production
RUN test ! -e secret.txt && echo ok >built
EXPOSE 80
VOLUME /app/data
HEALTHCHECK --interval=1s CMD test -f built
ENTRYPOINT ["sh", "-c"]
CMD ["exec sleep 1000"]
