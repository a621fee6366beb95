// Asks a web server for its status, with what a host has: curl, wget, or bash alone for plain http.
import { type Sh, sh } from '../../core/sh.js'

/** An address of the web: http or https, without credentials, blanks or quotes. */
export const webAddress = /^https?:\/\/[\w.[\]:-]+(?::\d+)?(?:\/[\w.~!$&()*+,;=:@%/?-]*)?$/

/**
 * Defines `status`, which prints the status of the answer (three digits), 000 without one. Certificates are checked; a redirection
 * is an answer, and is not followed. On a host that has none of the tools it is a fault that says so.
 */
export function statusOf(url: string): Sh {
  const [, host = '', port = '80', path = ''] = /^http:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?(\/.*)?$/.exec(url) ?? []
  const request = `GET ${path === '' ? '/' : path} HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  const bare = url.startsWith('http:')
    ? sh`elif command -v bash >/dev/null && command -v timeout >/dev/null; then
  status() { timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf %s "$3" >&3 && read -r _ code _ <&3 && printf %s "$code"' bash ${host.replace(/^\[|\]$/g, '')} ${port} ${request} || printf 000; } </dev/null 2>/dev/null`
    : sh``
  return sh`
if command -v curl >/dev/null; then
  status() { curl -s -o /dev/null --max-time 5 -w '%{http_code}' -- ${url} || :; } </dev/null 2>/dev/null
elif command -v wget >/dev/null; then
  # By timeout, where it is there: busybox's own limit makes some builds of it crash.
  limit=; if command -v timeout >/dev/null; then limit='timeout 5'; fi
  status() { code=$($limit wget -S -O /dev/null -- ${url} 2>&1 | sed -n 's#^ *HTTP/[0-9.]* \([0-9][0-9]*\).*#\1#p' | head -n 1); printf %s "\${code:-000}"; } </dev/null
${bare}
else echo 'no way to ask a web server on this host: install curl' >&2; exit 1
fi`
}
