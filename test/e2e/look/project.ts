// The project that is looked at: two hosts with engines, a talker that says five lines, and a ticker on both that never stops.
import type { LabHost } from '../../lab/index.js'
import { hostEntry } from '../command.js'

/** The two hosts, by their names in the file. */
export interface Fleet {
  web: LabHost
  db: LabHost
}

/** The `hosts:` of a file; `more` are further lines of it. */
export const hostLines = ({ web, db }: Fleet, more = ''): string =>
  `hosts:\n  web: ${hostEntry(web, { labels: { role: 'web' } })}\n  db: ${hostEntry(db)}\n${more}`

/** A host where nobody listens. */
export const nobody = '  gone: { address: 127.0.0.1, port: 1, user: root }\n'

// Two streams reach the engine by two pipes: only time puts them in order.
const talk = 'for n in 1 2 3 4 5; do echo "line $$n"; done; sleep 1; echo oops >&2; exec sleep 1000'
const tick = 'n=0; while sleep 0.2; do n=$$((n+1)); echo "tick $$n"; done'

export const talker = `  talker: { image: base, init: true, command: [sh, -c, '${talk}'], on: web, ports: ["8080:80"] }\n`
export const ticker = (more = ''): string =>
  `  ticker: { image: base, init: true, command: [sh, -c, '${tick}'], on: all${more} }\n`

/** The whole file with these services. */
export const fileWith = (fleet: Fleet, services: string, more = ''): string =>
  `project: look\n${hostLines(fleet, more)}images:\n  base: { import: { dir: /opt/rootfs, at: host } }\ncontainers:\n${services}`
