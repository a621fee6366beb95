// Holds a script on a lab host at a place of its own: programs that it calls are wrapped, and one call waits there until it is let go.
import type { LabHost } from '../../lab/index.js'

const stage = '/var/lib/longshore/engine/change'

/** A call to wait at: the program, whether before or after it does its work, the stage that the change says it is at (- for any), a pattern of its words. */
export type Place = readonly [program: string, when: 'before' | 'after', stage: string, words: string]

/** The places of a change in their order, by what it is about to do or has just done; with what has to be changed so that it comes there. */
export const places = {
  'the files arrive': ['base64', 'before', '-', '-d*'],
  'all has arrived': ['setsid', 'before', 'staged', '*change/run change*'],
  'the engine checks the file': ['dockerd', 'before', 'staged', '--validate*'],
  'the data is copied': ['cp', 'after', 'moving', '-dR*'],
  'the new folder is to be named': ['chown', 'before', 'placing', '*/etc/docker/*'],
  'the new folder is named': ['mv', 'after', 'placing', '*/etc/docker/daemon.json'],
  'the file is to be written': ['chown', 'before', 'installing', '*/etc/docker/*'],
  'the file is written': ['mv', 'after', 'installing', '*/etc/docker/daemon.json'],
  'the engine is to take it over': ['mv', 'after', 'reloading', '*/change/stage'],
  'the engine was told': ['perl', 'before', 'reloading', '*/events*'],
  'the engine is to be restarted': ['mv', 'after', 'restarting', '*/change/stage'],
  'the engine starts': ['perl', 'before', 'restarting', '*/_ping*'],
  'the engine is asked': ['perl', 'before', 'verifying', '*/info*'],
  'it is done': ['mv', 'after', 'done', '*/change/stage'],
  'the end is told': ['rm', 'before', 'done', '*/engine/change'],
} as const satisfies Record<string, Place>

export type PlaceName = keyof typeof places

/** The wrapper of one program; it waits once, at a pipe, and says by its own number that it does. */
const wrapper = `#!/bin/sh
name=\${0##*/}
for real in /usr/bin/$name /bin/$name /usr/sbin/$name; do [ -x "$real" ] && break; done
hold() {
  { read -r program when word pattern </run/hold/armed; } 2>/dev/null || return
  [ "$program $when" = "$name $1" ] || return
  at=; { read -r at <${stage}/stage; } 2>/dev/null
  [ "$word" = - ] || [ "$word" = "$at" ] || return
  shift
  case $* in $pattern) ;; *) return;; esac
  /bin/rm /run/hold/armed
  echo $$ >/run/hold/reached
  read -r go </run/hold/go
}
hold before "$@"
"$real" "$@"
code=$?
hold after "$@"
exit $code
`

/** Wraps the programs on a host, and waits at one place after the other. */
export async function holder(host: LabHost) {
  const programs = [...new Set(Object.values(places).map(([program]) => program))]
  const install = `mkdir -p /run/hold && { [ -p /run/hold/go ] || mkfifo /run/hold/go; }
    cat >/usr/local/bin/${programs[0]} && cd /usr/local/bin && chmod 755 ${programs[0]}
    for name in ${programs.slice(1).join(' ')}; do ln -f ${programs[0]} $name; done`
  const prepare = (): Promise<unknown> => host.sh(install, { input: wrapper, check: true })
  await prepare()
  return {
    /** Anew: a host that was cut off the power has lost it. */
    prepare,
    /** The next call at that place will wait. */
    arm: (place: Place) =>
      host.sh('rm -f /run/hold/reached; cat >/run/hold/armed', { input: `${place.join(' ')}\n`, check: true }),
    /** Resolves when it waits there; false when it did not come within half a minute. */
    reached: async (): Promise<boolean> =>
      (await host.sh('i=0; until [ -s /run/hold/reached ]; do sleep 0.05; i=$((i+1)); [ $i -lt 600 ] || exit 1; done'))
        .code === 0,
    /** Lets it go on, and waits until the change has ended. */
    letGo: async (): Promise<boolean> =>
      (
        await host.sh(`timeout 10 sh -c 'echo go >/run/hold/go' && i=0
        while [ -d ${stage} ]; do sleep 0.1; i=$((i+1)); [ $i -lt 600 ] || exit 1; done`)
      ).code === 0,
    /** Kills the shell that speaks with the controller, the change itself, and what waits. */
    kill: () =>
      host.sh(`{ read -r boot pid rest <${stage}/front && kill -9 $pid; read -r boot pid rest <${stage}/owner && kill -9 -$pid
        read -r pid </run/hold/reached; kill -9 $pid; } 2>/dev/null; rm -f /run/hold/armed /run/hold/reached`),
  }
}
