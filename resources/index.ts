// The list of kinds: what a task may say. Nothing is found by scanning folders.
import { type AnyResource, anyResource } from '../core/resource.js'
import { command } from './command.js'
import { copy } from './copy.js'
import { engineData } from './daemon/data/engine_data.js'
import { engineConfig } from './daemon/engine_config.js'
import { engineRegistries } from './daemon/engine_registries.js'
import { dockerContainer } from './engine/docker_container.js'
import { dockerImage } from './engine/docker_image.js'
import { dockerNetwork } from './engine/docker_network.js'
import { dockerVolume } from './engine/docker_volume.js'
import { file } from './file.js'
import { assert } from './flow/assert.js'
import { debug } from './flow/debug.js'
import { reboot } from './flow/reboot.js'
import { script } from './flow/script.js'
import { setFact } from './flow/set_fact.js'
import { stat } from './flow/stat.js'
import { waitFor } from './flow/wait_for.js'
import { group } from './group.js'
import { engineAudit } from './hardening/engine_audit.js'
import { permissions } from './hardening/permissions.js'
import { hostsFile } from './network/hosts_file.js'
import { nft } from './network/nft.js'
import { portRules } from './network/port_rules.js'
import { sshd } from './network/sshd.js'
import { ufw } from './network/ufw.js'
import { enginePackage } from './packages/engine_package.js'
import { packages } from './packages/package.js'
import { repo } from './packages/repo.js'
import { service } from './service.js'
import { shell } from './shell.js'
import { authorizedKey } from './system/authorized_key.js'
import { caCertificate } from './system/ca_certificate.js'
import { cron } from './system/cron.js'
import { hostname } from './system/hostname.js'
import { limits } from './system/limits.js'
import { locale } from './system/locale.js'
import { modprobe } from './system/modprobe.js'
import { mount } from './system/mount.js'
import { sudoers } from './system/sudoers.js'
import { swap } from './system/swap.js'
import { sysctl } from './system/sysctl.js'
import { systemdUnit } from './system/systemd_unit.js'
import { timezone } from './system/timezone.js'
import { template } from './template.js'
import { block } from './text/block.js'
import { ini } from './text/ini.js'
import { jsonFile } from './text/json_file.js'
import { line } from './text/line.js'
import { replace } from './text/replace.js'
import { yamlFile } from './text/yaml_file.js'
import { archive } from './transfer/archive.js'
import { fetch } from './transfer/fetch.js'
import { getUrl } from './transfer/get_url.js'
import { git } from './transfer/git.js'
import { user } from './user.js'

/** Every kind of thing that a host can have, in the order of the reference. */
export const resources: readonly AnyResource[] = [
  anyResource(packages),
  anyResource(repo),
  anyResource(file),
  anyResource(copy),
  anyResource(template),
  anyResource(permissions),
  anyResource(line),
  anyResource(block),
  anyResource(replace),
  anyResource(ini),
  anyResource(jsonFile),
  anyResource(yamlFile),
  anyResource(getUrl),
  anyResource(archive),
  anyResource(git),
  anyResource(fetch),
  anyResource(service),
  anyResource(systemdUnit),
  anyResource(enginePackage),
  anyResource(engineData),
  anyResource(engineConfig),
  anyResource(engineRegistries),
  anyResource(engineAudit),
  anyResource(cron),
  anyResource(user),
  anyResource(group),
  anyResource(authorizedKey),
  anyResource(sudoers),
  anyResource(sysctl),
  anyResource(hostname),
  anyResource(timezone),
  anyResource(locale),
  anyResource(limits),
  anyResource(mount),
  anyResource(swap),
  anyResource(modprobe),
  anyResource(caCertificate),
  anyResource(hostsFile),
  anyResource(sshd),
  anyResource(ufw),
  anyResource(nft),
  anyResource(portRules),
  anyResource(dockerImage),
  anyResource(dockerNetwork),
  anyResource(dockerVolume),
  anyResource(dockerContainer),
  anyResource(command),
  anyResource(shell),
  anyResource(script),
  anyResource(reboot),
  anyResource(waitFor),
  anyResource(assert),
  anyResource(stat),
  anyResource(debug),
  anyResource(setFact),
]
