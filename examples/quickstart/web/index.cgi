#!/bin/sh
# The page: asks the counter, which Longshore has linked to this container under its name.
count=$(wget -qO- "http://${COUNTER:-counter:8000}/cgi-bin/count?add")
printf 'Content-Type: text/html\r\n\r\n'
printf '<!doctype html><title>Longshore</title><h1>%s</h1><p>This page was seen %s times.</p>\n' "$GREETING" "$count"
