#!/bin/sh
# The page: counts itself, leaves a piece of work for the workers, and tells what they have done so far.
export REDISCLI_AUTH="$(cat /run/secrets/REDIS_PASSWORD)"
ask() { redis-cli -h redis "$@"; }
greeting=$(ask get greeting)
seen=$(ask incr seen)
ask rpush work "$seen" >/dev/null
printf 'Content-Type: text/html\r\n\r\n'
printf '<!doctype html><title>Counter</title><h1>%s</h1>\n' "$greeting"
printf '<p>This page was seen %s times.</p>\n<p>Workers have done %s pieces of work.</p>\n' "$seen" "$(ask get done)"
