// Words that people bring from Ansible: each gets an answer, and no word of ours is taken for one.
import type { Test } from 'tap'
import { peerHint, peerKeyHint } from '../../../core/config/peer-words.js'
import { resources } from '../../../resources/index.js'

/** Modules that playbooks use most, by how they stand in them. */
const used =
  `apt yum dnf lineinfile blockinfile ini_file systemd raw fail uri unarchive synchronize pause apt_repository apt_key pip include_tasks
import_tasks include_role import_role include_vars meta async poll local_action with_items with_dict with_fileglob docker_compose slurp find
ansible.builtin.apt ansible.builtin.copy ansible.posix.synchronize ansible.posix.authorized_key community.general.ufw
community.docker.docker_container community.docker.docker_login containers.podman.podman_image community.postgresql.postgresql_db
win_copy`.split(/\s+/)

export function testPeerWords(t: Test): void {
  const kinds = resources.map(({ kind }) => kind)
  for (const word of used)
    t.match(peerHint(word), /^(it is|there is none|say|a key|handlers|hosts|services|Compose files|logins)/, word)
  t.equal(peerHint('apt'), 'it is `package`')
  t.equal(peerHint('ansible.builtin.lineinfile'), 'it is `line`')
  t.equal(peerHint('ansible.builtin.copy'), 'it is `copy`: modules have no collections here')
  t.match(peerHint('community.postgresql.postgresql_db'), /there is none: `command`/)
  for (const word of [...kinds, 'packge', 'constructor', 'name', 'when', 'a.b', 'copy.x'])
    t.equal(peerHint(word), undefined, `${word} is not Ansible's alone`)
  for (const path of [['ansible_host'], ['hosts', 'w', 'services'], ['engine', 'box'], ['vars', 'constructor'], []])
    t.equal(peerKeyHint(path), undefined, `${path.join('.')} is no word of another tool there`)
  for (const kind of kinds) {
    const qualified = peerHint(`ansible.builtin.${kind}`) ?? ''
    t.ok(qualified.includes(`\`${kind}\``) || qualified.startsWith('there is none: `command`'), `${kind}: ${qualified}`)
  }
}
