// The `yaml_file` kind: keys of a YAML file; its comments and its order stay.
import { editYaml } from '../../core/config/edit-yaml.js'
import { keysOf } from './_keys.js'

/** Sets and removes keys of a YAML file on the host. */
export const yamlFile = keysOf(
  {
    kind: 'yaml_file',
    summary: 'Sets and removes keys of a YAML file; comments, order and all other values stay.',
    example: `- name: the shop's settings
  yaml_file:
    path: /etc/shop.yaml
    set:
      server.port: 8080
      log: { level: info, targets: [stdout] }
    remove: [server.debug]`,
  },
  editYaml,
)
