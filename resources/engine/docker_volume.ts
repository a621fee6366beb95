// The `docker_volume` kind: a named volume of the host's engine. What is in it is lost only where the task says so.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import {
  type Answer,
  asking,
  driverOptions,
  engineName,
  entry,
  firstOf,
  labels,
  mapChanges,
  missing,
  named,
  pairs,
  readAnswers,
  ready,
  removal,
  textsIn,
} from './_engine.js'

const fields = z.strictObject({
  name: engineName.describe('Name'),
  state: z.enum(['present', 'absent']).default('present').describe('present, or absent: its data is lost'),
  driver: z
    .string()
    .regex(/^[\w./:-]+$/, 'must be the name of a driver')
    .default('local')
    .describe('Driver'),
  driver_options: driverOptions.describe('Options of the driver, such as type, o and device of the local one'),
  labels: labels.describe('Labels'),
  recreate: z
    .enum(['never', 'options-changed'])
    .default('never')
    .describe(
      'Whether a volume with another driver, options or labels is made anew, and its data lost; never: it fails',
    ),
})

const schema = z.preprocess(named, fields)

type Want = z.infer<typeof fields>

interface Seen {
  answer: Answer
  volume: { driver: string; options: Record<string, string>; labels: Record<string, string> } | undefined
}

const lost = (want: Want): string => `the data in volume ${want.name}`

function differences(want: Want, volume: NonNullable<Seen['volume']>): Change[] {
  const changes = [
    ...(want.driver === volume.driver ? [] : [{ what: 'driver', from: volume.driver, to: want.driver }]),
    ...mapChanges('driver_options', want.driver_options, volume.options),
    ...mapChanges('labels', want.labels, volume.labels),
  ]
  return want.recreate === 'never'
    ? changes.map(change => ({ ...change, to: `${change.to}: refused without recreate: options-changed` }))
    : changes.map(change => ({ ...change, loses: lost(want) }))
}

/** A volume. Its data goes with `state: absent`, and with `recreate: options-changed` where something differs. */
export const dockerVolume = resource<Want, Seen>({
  kind: 'docker_volume',
  summary:
    'A named volume in the engine of the host, for one-offs in plays; services of `containers:` use `volumes:` of the project file.',
  example: `- package: { name: [docker.io, iptables] }
- docker_volume: { name: cache, labels: { purpose: builds } }
`,
  schema,
  name: want => `volume ${want.name}`,
  probe: want => sh`${asking}
ask volume volume inspect ${want.name}`,
  read(out) {
    const { volume } = readAnswers(out, ['volume'])
    if (volume.state !== 'found') return { answer: volume, volume: undefined }
    const seen = firstOf(volume.text)
    return {
      answer: volume,
      volume: {
        driver: String(entry(seen, 'Driver')),
        options: textsIn(seen, 'Options'),
        labels: textsIn(seen, 'Labels'),
      },
    }
  },
  diff(want, { answer, volume }) {
    if (want.state === 'absent') return removal('volume', answer, lost(want))
    return volume === undefined ? [{ what: 'volume', from: missing(answer), to: 'present' }] : differences(want, volume)
  },
  verb: (want, { volume }) => (want.state === 'absent' ? 'remove' : volume === undefined ? 'create' : 'replace'),
  apply(want, { answer }) {
    const { name } = want
    const words = ['--driver', want.driver, ...pairs('--opt', want.driver_options), ...pairs('--label', want.labels)]
    const isThere = sh`"$engine" volume inspect ${name} >/dev/null 2>&1`
    const remove = sh`if ${isThere}; then
  used=$("$engine" ps -a --filter volume=${name} --format '{{.Names}}' | tr '\n' ' ')
  [ -z "$used" ] || fail ${`volume ${name} stays as it is, because containers use it: `}"$used- remove them first"
  "$engine" volume rm ${name} >/dev/null || exit 1
fi`
    const create = sh`${isThere} || "$engine" volume create ${words} ${name} >/dev/null`
    if (want.state === 'absent')
      return [
        sh`(${ready}
${remove})`,
      ]
    if (answer.state !== 'found')
      return [
        sh`(${ready}
${create})`,
      ]
    if (want.recreate === 'options-changed')
      return [
        sh`(${ready}
${remove}
${create})`,
      ]
    return [
      sh`{ echo ${`volume ${name} is there with another driver, options or labels, and stays as it is: recreate: options-changed makes it anew and loses its data`} >&2; exit 1; }`,
    ]
  },
  touches: want => [`volume:${want.name}`],
})
