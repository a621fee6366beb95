// The list of kinds: what a task may say. Nothing is found by scanning folders.
import { type AnyResource, anyResource } from '../core/resource.js'
import { command } from './command.js'
import { copy } from './copy.js'
import { file } from './file.js'
import { group } from './group.js'
import { packages } from './package.js'
import { service } from './service.js'
import { template } from './template.js'
import { user } from './user.js'

/** Every kind of thing that a host can have, in the order of the reference. */
export const resources: readonly AnyResource[] = [
  anyResource(packages),
  anyResource(file),
  anyResource(copy),
  anyResource(template),
  anyResource(service),
  anyResource(user),
  anyResource(group),
  anyResource(command),
]
