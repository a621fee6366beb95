// The labels by which things on an engine are known as ours, and how their owner is told.

/** Our labels. None ever holds a secret value: labels are visible to everybody who may list containers. */
export const labels = {
  project: 'longshore.project',
  /** Only containers have it: an image's labels pass to every container made from it, also by hand, so the project alone proves nothing. */
  service: 'longshore.service',
  number: 'longshore.number',
  /** Only containers that `run` made beside the service's own have it. */
  oneOff: 'longshore.oneoff',
  /** `v1:` and the sha256 of the canonical spec. */
  specHash: 'longshore.spec-hash',
  /** The canonical spec itself, as JSON. */
  spec: 'longshore.spec',
  /** The name that a container had while it was tried beside the one it was to replace. */
  trial: 'longshore.trial',
  /** Version of this set of labels, not of the tool: an upgrade of the tool replaces nothing. */
  version: 'longshore.version',
  /** The reference an image was made for; tells it from images that merely inherited our labels. */
  image: 'longshore.image',
  build: 'longshore.build',
  buildSpec: 'longshore.build-spec',
  import: 'longshore.import',
  /** Of an image that a play came to: the image before it and what the play says, as one hash. */
  play: 'longshore.image-play',
  /** What that play has read of the operator's machine, with fingerprints. */
  playInputs: 'longshore.image-inputs',
} as const

/** The value of `labels.version`. */
export const labelsVersion = '1'

/** Labels that Docker Compose puts on its things. */
export const composeLabels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  volume: 'com.docker.compose.volume',
  network: 'com.docker.compose.network',
} as const

export type Labels = Readonly<Record<string, string>>

/** Whose a thing is: ours, or a text that names its owner ("Docker Compose project shop"). */
export function ownerOf(found: Labels, project: string): 'ours' | { other: string } {
  const ours = found[labels.project]
  if (ours === project) return 'ours'
  if (ours !== undefined) return { other: `Longshore project ${ours}` }
  const compose = found[composeLabels.project]
  if (compose !== undefined) return { other: `Docker Compose project ${compose}` }
  return { other: 'somebody else (it has no owner label)' }
}

/** True for a container that we made for this project. */
export const isOurContainer = (found: Labels, project: string): boolean =>
  found[labels.project] === project && found[labels.service] !== undefined
