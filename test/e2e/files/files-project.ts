// The project of the tests of local files: mounts, configs and secrets beside the project, and what to do when they change.

/** A service in busybox that does nothing by itself. */
const box = (name: string, command: string, more: string): string =>
  `  ${name}: { image: lsfiles-base, init: true, stop_grace_period: 1s, command: ${command}, ${more} }\n`

const idle = '[sleep, "1000"]'
const onHup = '[sh, -c, "trap \'echo HUP $$(cat /conf/app.conf)\' HUP; echo up; while :; do sleep 0.1; done"]'
const atStart = '[sh, -c, "echo start $$(cat /one.conf); exec sleep 1000"]'
const bind = (source: string, target: string, onChange: string): string =>
  `volumes: [{ type: bind, source: ${source}, target: ${target}, read_only: true, on_change: ${onChange} }]`

/** Its files, for a host as an entry of `hosts:`. */
export const filesProject = (host: string): Record<string, string> => ({
  'longshore.yaml': `project: lsfiles
hosts: { web: ${host} }
images: { lsfiles-base: { import: { dir: ./root, at: here } } }
compose: [compose.yaml]
containers:
${box('site', '[httpd, -f, -p, "80", -h, /www]', 'volumes: ["./site:/www:ro"]')}${box(
  'told',
  onHup,
  bind('./conf', '/conf', '{ signal: HUP }'),
)}${box('again', atStart, bind('./one.conf', '/one.conf', 'restart'))}${box(
  'free',
  idle,
  bind('./free', '/free', 'ignore'),
)}`,
  'compose.yaml': `services:
  comp:
    image: lsfiles-base
    init: true
    command: [sleep, "1000"]
    read_only: true
    configs:
      - { source: plain, target: /etc/plain, uid: "5", gid: "6", mode: 0440, x-longshore: { on_change: ignore } }
      - { source: told, target: /etc/told }
    secrets: [pin]
configs: { plain: { file: ./plain.conf }, told: { content: "from the file\\n" } }
secrets: { pin: { file: ./pin } }
`,
  'site/index.html': 'one\n',
  'site/sub/a b.txt': 'deep\n',
  'conf/app.conf': 'first\n',
  'conf/old.conf': 'goes\n',
  'one.conf': 'first\n',
  'free/x': 'first\n',
  'plain.conf': 'plain\n',
  pin: 'correct-horse-battery\n',
})
