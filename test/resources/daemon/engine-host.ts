// A host with an engine and a container in it, for the tests that change how the engine is set up.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { HostOptions } from '../../lab/host.js'
import { busyboxTarball, labHost, type Release } from '../../lab/index.js'
import type { Shell } from '../shells.js'

/** A host with an engine, and a container in it that has to live. */
export async function engineHost(
  t: Test,
  release: Release,
  shellProgram: readonly string[],
  options: HostOptions = {},
) {
  const host = await labHost({ ...options, release, engine: true })
  t.teardown(() => host.remove())
  if (options.init === 'none')
    await host.sh(
      'setsid dockerd </dev/null >>/var/log/docker.log 2>&1 & until docker version >/dev/null 2>&1; do sleep 0.2; done',
    )
  const shell: Shell = ['docker', 'exec', '-i', '-e', 'LC_ALL=C', host.container, ...shellProgram]
  const said = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()
  await host.sh('docker import - busybox >/dev/null', { input: readFileSync(await busyboxTarball()), check: true })
  await host.sh('docker run -d --restart=always --stop-timeout 1 --name web busybox sleep 100000', { check: true })
  const told = {
    file: () => said('cat /etc/docker/daemon.json'),
    life: () => said("docker inspect -f '{{.State.StartedAt}} {{.State.Running}}' web"),
    pid: () => said('cat /run/docker.pid'),
  }
  return { host, shell, said, ...told }
}
