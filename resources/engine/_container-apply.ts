// The shell that makes, replaces, starts, stops and removes a container; the old one comes back when the new one does not start.
import { lines, type Sh, sh } from '../../core/sh.js'
import { createWords, networkWords } from './_container-spec.js'
import type { ContainerWant } from './_container-want.js'
import { ready } from './_engine.js'

/** Defines what the scripts below have in common. */
const tools: Sh = sh`${ready}
is_there() { "$engine" container inspect "$1" >/dev/null 2>&1; }
status_of() { "$engine" container inspect --format '{{.State.Status}}' "$1" 2>/dev/null; }
# A program that ends at once has not started.
start() {
  if [ "$(status_of "$1")" = paused ]; then "$engine" unpause "$1" >/dev/null || return 1; fi
  "$engine" start "$1" >/dev/null || return 1
  sleep 1
  [ "$(status_of "$1")" = running ] || { echo "$1 ended at once; the last that it said:" >&2; "$engine" logs --tail 20 "$1" >&2; return 1; }
}`

const removal = ({ keep_volumes }: ContainerWant): string[] => ['rm', '-f', ...(keep_volumes ? [] : ['-v'])]

function pullMissing({ image = '', pull }: ContainerWant): Sh {
  const isThere = sh`"$engine" image inspect ${image} >/dev/null 2>&1`
  if (pull === 'never')
    return sh`${isThere} || fail ${`there is no image ${image} on this host, and pull: never is said`}`
  return sh`${isThere} || "$engine" pull ${image} ||
  fail ${`the image ${image} is not on this host and cannot be pulled: see above. A host without a registry takes an archive: docker_image with src`}`
}

/** The further networks: only the first one can be given when a container is made. */
const joins = (want: ContainerWant): Sh =>
  lines(
    ...want.networks
      .slice(1)
      .map(
        network =>
          sh`"$engine" network connect ${networkWords(network, '--alias')} ${network.name} "$new" || { "$engine" rm -f "$new" >/dev/null; exit 1; }`,
      ),
  )

const startNew = (want: ContainerWant): Sh =>
  want.detach
    ? sh`if [ "$run" = yes ] && ! start "$name"; then
  if is_there "$old"; then
    "$engine" rm -f "$name" >/dev/null && "$engine" rename "$old" "$name" || fail "the old container is there as $old"
    case $ran in running|restarting) "$engine" start "$name" >/dev/null;; esac || fail 'the old container is back, and does not start either'
    fail 'the new container did not start: the old one is back'
  fi
  exit 1
fi
if is_there "$old"; then "$engine" ${removal(want)} "$old" >/dev/null || exit 1; fi`
    : sh`if is_there "$old"; then "$engine" ${removal(want)} "$old" >/dev/null || exit 1; fi
"$engine" start -a "$name"
code=$?
[ "$code" = 0 ] || fail "$name ended with code $code"`

/**
 * Makes the container under another name, then stops the old one and puts it aside, gives the new one its name and starts it. What an
 * interrupted run has left under those names is cleared, and an old one that stands aside alone gets its name back first.
 */
export const makeAnew = (want: ContainerWant): Sh => sh`(${tools}
name=${want.name} new=${`${want.name}.longshore-new`} old=${`${want.name}.longshore-old`}
${pullMissing(want)}
for each in ${want.networks.map(network => network.name)}; do
  "$engine" network inspect "$each" >/dev/null 2>&1 || fail "there is no network $each on this host: add a docker_network task before"
done
if is_there "$new"; then "$engine" rm -f "$new" >/dev/null || exit 1; fi
if is_there "$old" && ! is_there "$name"; then "$engine" rename "$old" "$name" || exit 1; fi
"$engine" create --name "$new" ${createWords(want)} >/dev/null || fail 'nothing has changed: the new container could not be made'
${joins(want)}
ran=$(status_of "$name")
if is_there "$name"; then
  if is_there "$old"; then "$engine" rm -f "$old" >/dev/null || exit 1; fi
  "$engine" stop "$name" >/dev/null || exit 1
  # one that was started with --rm goes of itself
  if is_there "$name"; then "$engine" rename "$name" "$old" || exit 1; fi
fi
"$engine" rename "$new" "$name" || exit 1
run=${want.state === 'started' ? 'yes' : 'no'}
${want.state === 'present' ? sh`[ "$ran" != running ] || run=yes` : sh``}
${startNew(want)}
)`

/** Starts one that is as wanted. */
export const startAgain = ({ name }: ContainerWant): Sh => sh`(${tools}
start ${name})`

/** Stops one that is as wanted. */
export const stop = ({ name }: ContainerWant): Sh => sh`(${tools}
[ "$(status_of ${name})" != paused ] || "$engine" unpause ${name} >/dev/null
"$engine" stop ${name} >/dev/null)`

/** Removes it, and what an interrupted run has left beside it. */
export const remove = (want: ContainerWant): Sh => sh`(${tools}
for each in ${[want.name, `${want.name}.longshore-new`, `${want.name}.longshore-old`]}; do
  if is_there "$each"; then
    "$engine" stop "$each" >/dev/null 2>&1
    "$engine" ${removal(want)} "$each" >/dev/null || exit 1
  fi
done)`
