// The `json_file` kind: keys of a JSON file; all else in the file stays as it is.
import { editJson } from './_json.js'
import { keysOf } from './_keys.js'

/** Sets and removes keys of a JSON file on the host. */
export const jsonFile = keysOf(
  {
    kind: 'json_file',
    summary: 'Sets and removes keys of a JSON file; everything else in it stays as it is, to the last space.',
    example: `- name: the shop's settings
  json_file:
    path: /etc/shop.json
    set:
      server.port: 8080
      log: { level: info, targets: [stdout] }
    remove: [server.debug]`,
  },
  editJson,
)
