// Looking and entering, over SSH: what the commands show is what is on the hosts, and looking changes nothing.
import tap, { test } from 'tap'
import { labHost } from '../lab/index.js'
import { testProject, told } from './command.js'
import { giveRootfs } from './host-state.js'
import { testExec, testLogs, testPs } from './look/containers.js'
import { testProvision, testStatus } from './look/drift.js'
import { testInit, testSchema, testValidate } from './look/files.js'
import { testHandTool } from './look/hand-tool.js'
import { testLock, testSh, testSsh, testUnknownKey } from './look/hosts.js'
import { fileWith, talker, ticker } from './look/project.js'

tap.setTimeout(600_000)

test('two hosts with containers, looked at and entered', async t => {
  const [web, db] = await Promise.all([labHost({ engine: true }), labHost({ engine: true })])
  t.teardown(() => Promise.all([web.remove(), db.remove()]))
  const fleet = { web, db }
  await Promise.all([giveRootfs(web), giveRootfs(db)])
  const project = testProject({ 'longshore.yaml': fileWith(fleet, talker + ticker()) })
  t.teardown(() => project.remove())
  const up = await project.run(['up', '--yes'])
  t.equal(up.code, 0, told(up))

  await t.test('ps lists what docker lists', t => testPs(t, project, fleet))
  await t.test('logs shows what was printed, and follows until interrupted', t => testLogs(t, project, fleet))
  await t.test('exec passes input, output and exit code through', t => testExec(t, project, fleet))
  await t.test('ssh runs a command or opens a terminal', t => testSsh(t, project, fleet))
  await t.test('sh runs on all hosts and ends with what went worst', t => testSh(t, project, fleet))
  await t.test('an unknown host key is asked about', t => testUnknownKey(t, fleet))
  await t.test('status tells how far the hosts are from the file', t => testStatus(t, project, fleet))
  await t.test('provision leaves containers alone', t => testProvision(t, fleet))
  await t.test('a lock is shown and released', t => testLock(t, project, fleet))
})

test('validate says what is there or all that is wrong', t => testValidate(t))
test('schema knows the examples and refuses other keys', t => testSchema(t))
test('init writes a valid file, once', t => testInit(t))
test('the lab by hand gives hosts that the product can enter', t => testHandTool(t))
