// Mistakes in playbooks, each told with file, line and column of the playbook or role that it stands in; the host stays as it is.
import tap, { test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, testProject, told } from '../command.js'
import { changedFacts, hostState } from '../host-state.js'

tap.setTimeout(600_000)

const web = await labHost({ name: 'wrong', init: 'none' })
tap.teardown(() => web.remove())

const play = (tasks: string): string => `- name: wrong\n  hosts: all\n  become: true\n  tasks:\n${tasks}`

/** What is wrong, the playbook, what must be said, the exit code, other files, and the command that tells it. */
const rows: {
  name: string
  playbook: string
  says: RegExp[]
  exit: number
  files?: Record<string, string>
  by?: 'validate' | 'plan' | 'up'
}[] = [
  {
    name: 'an unknown task word',
    playbook: play('    - name: a\n      packge: { name: curl }\n'),
    says: [/play\.yaml:6:7/, /unknown word "packge"/, /did you mean "package"/],
    exit: 3,
    by: 'validate',
  },
  {
    name: "a word of Ansible's",
    playbook: play('    - lineinfile: { path: /etc/x, line: y }\n'),
    says: [/play\.yaml:5:7/, /lineinfile/, /`line`/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a wrong argument',
    playbook: play('    - file: { path: /srv/x, stat: directory }\n'),
    says: [/play\.yaml:5:29/, /unknown key "stat" in file/, /did you mean "state"/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a wrong argument in a role',
    playbook: '- hosts: all\n  roles: [broken]\n',
    files: { 'roles/broken/tasks/main.yaml': '- file: { path: relative }\n' },
    says: [/roles\/broken\/tasks\/main\.yaml:1:17/, /absolute path/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'an undefined variable',
    playbook: play('    - copy: { dest: /srv/x, content: "colour {{ colur }}" }\n  vars: { colour: red }\n'),
    says: [/play\.yaml:5:\d+/, /colur/, /did you mean "colour"/],
    exit: 3,
  },
  {
    name: 'an undefined variable in a condition',
    playbook: play('    - file: { path: /srv/x, state: file }\n      when: wantd\n  vars: { wanted: true }\n'),
    says: [/play\.yaml:6:13/, /wantd/, /did you mean "wanted"/],
    exit: 3,
  },
  {
    name: 'an undefined variable in a template',
    playbook: play('    - template: { src: motd.hbs, dest: /srv/x }\n'),
    files: { 'templates/motd.hbs': 'first line\nhello {{ nmae }}\n' },
    says: [/templates\/motd\.hbs:2:10/, /nmae/],
    exit: 3,
  },
  {
    name: 'a loop over what is no list',
    playbook: play(
      '    - file: { path: "/srv/{{ item }}", state: file }\n      loop: "{{ count }}"\n  vars: { count: 3 }\n',
    ),
    says: [/play\.yaml:6:13/, /loop/, /list/],
    exit: 3,
  },
  {
    name: 'a circle of includes',
    playbook: play('    - include: a.yaml\n'),
    files: { 'a.yaml': '- include: b.yaml\n', 'b.yaml': '- include: a.yaml\n' },
    says: [/b\.yaml:1:\d+/, /a\.yaml.*b\.yaml.*a\.yaml/s],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a missing include',
    playbook: play('    - include: nowhere.yaml\n'),
    says: [/play\.yaml:5:\d+/, /nowhere\.yaml/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a missing role',
    playbook: '- hosts: all\n  roles: [nobody]\n',
    says: [/play\.yaml:2:11/, /nobody/, /looked for/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a missing handler',
    playbook: play(
      '    - file: { path: /srv/x, state: file }\n      notify: relod\n  handlers:\n    - name: reload\n      command: "true"\n',
    ),
    says: [/play\.yaml:6:15/, /no handler "relod"/, /did you mean "reload"/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a rescue without its block',
    playbook: play('    - rescue:\n        - debug: { msg: a }\n'),
    says: [/play\.yaml:5:7/, /`rescue` needs a `block`/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a broken condition',
    playbook: play('    - file: { path: /srv/x, state: file }\n      when: facts.os.id = "debian"\n'),
    says: [/play\.yaml:6:\d+/],
    exit: 3,
    by: 'validate',
  },
  {
    name: 'a failing validate',
    playbook: play('    - copy: { dest: /srv/x, content: "if", validate: "sh -n %s" }\n'),
    says: [/play\.yaml:5:7/, /validate|refuses|sh -n/, /[Ss]yntax error/],
    exit: 1,
    by: 'up',
  },
  {
    name: 'an assertion that does not hold',
    playbook: play('    - assert: { that: facts.cpus > 9999, msg: too small a machine }\n'),
    says: [/play\.yaml:5:7/, /too small a machine/],
    exit: 1,
    by: 'up',
  },
]

for (const { name, playbook, says, exit, files = {}, by = 'plan' } of rows)
  test(name, async t => {
    const there = testProject({
      ...files,
      'longshore.yaml': `project: wrong\nhosts: { web: ${hostEntry(web)} }\nplaybooks: [play.yaml]\n`,
      'play.yaml': playbook,
    })
    t.teardown(() => there.remove())
    const before = await hostState(web)
    const ran = await there.run(by === 'up' ? ['up', '--yes'] : [by])
    t.equal(ran.code, exit, told(ran))
    for (const words of says) t.match(ran.stderr, words)
    t.notMatch(ran.stderr, /\n\s+at .*\.js:/, 'no stack')
    // The key and the folder of the project are ours, and stay.
    const changed = changedFacts(before, await hostState(web)).filter(fact => !fact.includes('/var/lib/longshore'))
    t.same(changed, [], 'the host is as it was')
  })
