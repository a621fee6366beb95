// The product against hostile input and hostile hosts: what is data stays data, what is secret stays secret, what is others' stays theirs.
import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import { busyboxTarball, labHost } from '../lab/index.js'
import * as data from './attack/data-stays-data.js'
import * as hosts from './attack/hosts-that-lie.js'
import * as others from './attack/others-things.js'
import * as secrets from './attack/secrets-stay-secret.js'

tap.setTimeout(600_000)

const host = await labHost({ name: 'attacked', engine: true })
tap.teardown(() => host.remove())
await host.sh('docker import - box:1', { input: readFileSync(await busyboxTarball()), check: true })

test('hostile texts in tasks arrive as they are, and nothing runs them', t => data.testTasks(t, host))
test('no shell reads an argv', t => data.testArgv(t, host))
test('hostile texts in containers arrive as they are', t => data.testContainers(t, host))
test('hostile names are refused before a host is asked', t => data.testNames(t))
test('a secret in a task is told to nobody but its task', t => secrets.testTasks(t, host))
test('a secret in a container is told to nobody but its container', t => secrets.testContainers(t, host))
test('whatever the login shell is and prints, we work with it or say so', t => hosts.testLogins(t, host))
test('programs of the host that lie cost nothing but a clear error', t => hosts.testLies(t, host))
test('nothing that a program prints reaches the terminal as a command, and none fills the memory', t =>
  hosts.testNoise(t, host))
test('where there is no room, what was there stays', t => hosts.testNoRoom(t, host))
test('projects on one host do not touch one another', t => others.testNeighbours(t, host))
test('what somebody else made is left alone', t => others.testForeign(t, host))
test('a lock of another machine is never taken over', t => others.testLocks(t, host))
test('root follows nobody into folders of theirs', t => others.testFolders(t, host))
