// Every key of a network, volume, config and secret, and of the file itself, and what it does here.
import { type Keys, no, refused, same, yes } from './key.js'

export const fileKeys: Keys = {
  services: yes('Services; the table below.'),
  networks: yes('Networks, beside those of the project.'),
  volumes: yes('Volumes, beside those of the project.'),
  configs: yes('Files that services ask for.'),
  secrets: yes('Files that services ask for, below /run/secrets.'),
  include: yes('Other Compose projects, each with its own folder and variables.', {
    inside: {
      path: yes('The file, or files that are laid over each other.'),
      project_directory: yes('Where its relative paths start.'),
      env_file: yes('Its variables, in place of `.env`.'),
    },
  }),
  name: no("the project's name is that of longshore.yaml; said only when the two differ"),
  version: same('Ignored, as the specification says.'),
  models: no('this version runs no language models'),
}

const external = yes('It exists already and is not ours.', { inside: { name: yes('Its name on the engine.') } })

export const networkKeys: Keys = {
  attachable: yes('Other containers may join it.'),
  driver: yes('The driver.'),
  driver_opts: yes('Its options.'),
  enable_ipv4: no('it needs API 1.48 (engine 28), and this version speaks an older one'),
  enable_ipv6: yes('Addresses of IPv6 too.'),
  external,
  internal: yes('No way out of the host.'),
  ipam: yes('Which addresses it hands out.', {
    inside: {
      driver: yes('Who hands them out.'),
      options: yes("That driver's options."),
      config: yes('Ranges.', {
        inside: {
          subnet: yes('Subnet in CIDR form.'),
          gateway: yes("The host's own address in it."),
          ip_range: yes('Part of it that containers get addresses from.'),
          aux_addresses: yes('Addresses that are taken, by name.'),
        },
      }),
    },
  }),
  labels: yes('Labels.'),
  name: yes('Its name on the engine.'),
}

export const volumeKeys: Keys = {
  driver: yes('The driver.'),
  driver_opts: yes('Its options.'),
  external,
  labels: yes('Labels.'),
  name: yes('Its name on the engine.'),
}

const notPassedOn = no('not passed on by this version')

const fileSource: Keys = {
  file: yes("A file on this machine; it is brought to another host. An absolute path is the host's own."),
  environment: yes('A variable of the environment that holds it.'),
  external: refused('what is made outside of the project is not taken by this version: say `file`, or `environment`'),
  name: notPassedOn,
  labels: notPassedOn,
  template_driver: refused('templates in it are not filled in by this version'),
}

export const configKeys: Keys = { ...fileSource, content: yes('The text itself.') }

export const secretKeys: Keys = {
  ...fileSource,
  driver: refused('drivers of secrets are not used by this version'),
  driver_opts: refused('drivers of secrets are not used by this version'),
}
