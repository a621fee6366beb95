// Every key of a service's `build`, and what it does here; and what an entry of `images:` may say.
import { type Keys, no, refused, same, yes } from './key.js'

const noClient = 'this needs a client that stays beside the builder, which is not there yet'

export const buildKeys: Keys = {
  context: yes('Folder of the build.'),
  dockerfile: yes('The Dockerfile, relative to the context.'),
  dockerfile_inline: yes('The text of the Dockerfile.'),
  args: yes('Build arguments.'),
  target: yes('The stage to build.'),
  additional_contexts: yes('Folders, docker-image://REFERENCE and service:NAME; others are an error.'),
  cache_from: yes('Images whose layers are taken over; they are pulled when they are not there.'),
  cache_to: no('layers stay in the cache of the engine that builds'),
  entitlements: refused('builds with more rights are not supported by this version'),
  extra_hosts: yes('More lines for /etc/hosts of RUN instructions.'),
  isolation: same('Means something only on Windows.'),
  labels: yes('Labels of the image.'),
  network: yes('Network of RUN instructions.'),
  no_cache: yes('Every layer is made anew when the image is built.'),
  platforms: yes('The platform it is built for; more than one is an error.'),
  privileged: refused('builds with more rights are not supported by this version'),
  provenance: no('no attestations are made'),
  pull: yes('Base images are pulled again when their tags have moved.'),
  sbom: no('no attestations are made'),
  secrets: refused(`secrets of a build are not supported by this version: ${noClient}`),
  shm_size: yes('Size of /dev/shm.'),
  ssh: refused(`SSH keys for a build are not supported by this version: ${noClient}`),
  tags: yes('More references for the image.'),
  ulimits: yes('Limits of the processes of RUN instructions.', {
    named: { soft: yes('The soft limit.'), hard: yes('The hard limit.') },
  }),
}

/** A build as `containers:` and `images:` have it. */
export const ownBuildKeys: Keys = {
  ...buildKeys,
  at: yes('Where it is built.'),
  push: yes('Its registry shall have it, too.'),
}

const noSignatures = refused('signatures are not checked by this version: pin the digest, NAME@sha256:…')

/** An entry of `images:`. */
export const imageKeys: Keys = {
  build: yes('Builds it.', { inside: ownBuildKeys }),
  pull: yes('Takes it from a registry.', {
    inside: {
      image: yes('Its reference.'),
      policy: yes('When its registry is asked.'),
      platform: yes('The platform it must be for.'),
      signature: noSignatures,
      verify: noSignatures,
    },
  }),
  import: yes('Makes it from a root file system.', {
    inside: { dir: yes('A folder.'), tar: yes('A tar archive.'), at: yes('Where that is.') },
  }),
  load: yes('Loads an archive that an engine has saved.'),
  playbook: yes('Makes it by a playbook.'),
  from: yes('The image that a playbook starts from.'),
  vars: yes('Variables of the playbook.'),
  at: yes('Where it is made by the playbook.'),
  push: yes('Its registry shall have it, too.'),
  signature: noSignatures,
  verify: noSignatures,
}
