// Every key of a service's `build`, and what it does here.
import { type Keys, no, refused, yes } from './key.js'

const later = no('it is not passed to the build by this version')

export const buildKeys: Keys = {
  context: yes('Folder of the build.'),
  dockerfile: yes('The Dockerfile, relative to the context.'),
  args: yes('Build arguments.'),
  target: yes('The stage to build.'),
  additional_contexts: refused('further contexts are not supported by this version'),
  cache_from: later,
  cache_to: later,
  dockerfile_inline: refused('a Dockerfile inside the file is not supported by this version: write it beside it'),
  entitlements: refused('builds with more rights are not supported by this version'),
  extra_hosts: later,
  isolation: later,
  labels: later,
  network: later,
  no_cache: later,
  platforms: no('the image is built for the host it is built on'),
  privileged: refused('builds with more rights are not supported by this version'),
  provenance: later,
  pull: later,
  sbom: later,
  secrets: refused('secrets of a build are not supported by this version'),
  shm_size: later,
  ssh: refused('keys for a build are not supported by this version'),
  tags: later,
  ulimits: later,
}
