// The list of kinds: what a task may say. Nothing is found by scanning folders.
import { type AnyResource, anyResource } from '../core/resource.js'
import { command } from './command.js'
import { copy } from './copy.js'
import { file } from './file.js'
import { assert } from './flow/assert.js'
import { waitFor } from './flow/wait_for.js'
import { group } from './group.js'
import { packages } from './package.js'
import { service } from './service.js'
import { shell } from './shell.js'
import { authorizedKey } from './system/authorized_key.js'
import { cron } from './system/cron.js'
import { hostname } from './system/hostname.js'
import { sudoers } from './system/sudoers.js'
import { sysctl } from './system/sysctl.js'
import { systemdUnit } from './system/systemd_unit.js'
import { timezone } from './system/timezone.js'
import { template } from './template.js'
import { block } from './text/block.js'
import { ini } from './text/ini.js'
import { line } from './text/line.js'
import { replace } from './text/replace.js'
import { user } from './user.js'

/** Every kind of thing that a host can have, in the order of the reference. */
export const resources: readonly AnyResource[] = [
  anyResource(packages),
  anyResource(file),
  anyResource(copy),
  anyResource(template),
  anyResource(line),
  anyResource(block),
  anyResource(replace),
  anyResource(ini),
  anyResource(service),
  anyResource(systemdUnit),
  anyResource(cron),
  anyResource(user),
  anyResource(group),
  anyResource(authorizedKey),
  anyResource(sudoers),
  anyResource(sysctl),
  anyResource(hostname),
  anyResource(timezone),
  anyResource(command),
  anyResource(shell),
  anyResource(waitFor),
  anyResource(assert),
]
