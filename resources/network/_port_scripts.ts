// The scripts behind `port_rules`: the one that lies on the host and makes the rules there, its unit, and what is asked and done about them.

import { type Sh, sh } from '../../core/sh.js'
import { portRulesFile } from '../../core/state.js'
import { isSystemd } from '../_systemd.js'
import { chainOf, chainText, inOrder, type PortRule, ruleLines, tableText } from './_port_rules.js'

/** Name of the project's unit. */
const unitOf = (project: string): string => `longshore-ports-${project}.service`

export const unitFile = (project: string): string => `/etc/systemd/system/${unitOf(project)}`

/** Where it is remembered how the rules looked when they were made. */
const stampFile = (project: string): string => portRulesFile(project).replace(/\.sh$/, '.stamp')

/**
 * Shell functions for the rules of one project. Two places lead to them: DOCKER-USER for what is sent on to containers, and INPUT for
 * what the engine's own proxy takes, which is how IPv6, and containers of the same network, get to a port. `listing` prints what is in
 * force; `cleared` takes it away.
 */
const functions = (project: string): Sh => sh`
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin chain=${chainOf(project)} table=${`longshore-${project}`}
have() { command -v "$1" >/dev/null 2>&1; }
fail() { printf '%s\n' "$1" >&2; exit 1; }
backend() {
  if ! have iptables || grep -Eqs '"firewall-backend"[[:space:]]*:[[:space:]]*"nftables"' /etc/docker/daemon.json; then echo nft
  elif have nft && nft list table ip docker-bridges >/dev/null 2>&1; then echo nft
  else echo iptables; fi
}
jump() {
  case $3 in
    INPUT) "$1" -w 5 "$2" INPUT ! -i lo -m conntrack --ctdir ORIGINAL -j "$chain" 2>/dev/null;;
    *) "$1" -w 5 "$2" "$3" -m conntrack --ctstate DNAT --ctdir ORIGINAL -j "$chain" 2>/dev/null;;
  esac
}
chains() {
  for tool in iptables ip6tables; do
    if have "$tool" && "$tool" -w 5 -S "$chain" 2>/dev/null; then
      for at in INPUT DOCKER-USER; do if jump "$tool" -C "$at"; then echo "$tool $at"; fi; done
    fi
  done
}
listing() { echo "by $(backend)"; chains; if have nft; then nft -n -s list table inet "$table" 2>/dev/null; fi; :; }
cleared() {
  if [ "$1" != nft ] && have nft && nft list table inet "$table" >/dev/null 2>&1; then nft delete table inet "$table"; fi
  if [ "$1" = iptables ]; then return 0; fi
  for tool in iptables ip6tables; do
    if have "$tool" && "$tool" -w 5 -n -L "$chain" >/dev/null 2>&1; then
      for at in INPUT DOCKER-USER; do while jump "$tool" -D "$at"; do :; done; done
      "$tool" -w 5 -F "$chain" && "$tool" -w 5 -X "$chain"
      # ours where no engine uses it; else it is held
      "$tool" -w 5 -X DOCKER-USER 2>/dev/null
    fi
  done
  :
}`

/** The script that lies on the host, complete in itself. */
export function scriptText(project: string, rules: readonly PortRule[]): string {
  const all = inOrder(rules)
  const chain = chainOf(project)
  return `#!/bin/sh
# Written by Longshore: who may reach published ports of the project ${project}. A change here lasts until the next \`longshore up\`.
${ruleLines(all)}
${functions(project).sh}

four() { cat <<'end of rules'
${chainText(chain, all, 4)}end of rules
}
six() { cat <<'end of rules'
${chainText(chain, all, 6)}end of rules
}
nftables() { cat <<'end of rules'
${tableText(`longshore-${project}`, all)}end of rules
}
# by TOOL TEXT: the chain anew, in one go, then the ways that lead to it
by() {
  "$1-restore" -w 5 -n <"$2" || exit 1
  if ! "$1" -w 5 -n -L DOCKER-USER >/dev/null 2>&1; then "$1" -w 5 -N DOCKER-USER || exit 1; fi
  for at in INPUT DOCKER-USER; do jump "$1" -C "$at" || jump "$1" -I "$at" || fail "$1: no way from $at to $chain"; done
}
LC_ALL=C; export LC_ALL
text=$(mktemp) || exit 1
trap 'rm -f "$text"' EXIT
case $(backend) in
  nft)
    have nft || fail 'neither iptables nor nft is on this host: install the package nftables'
    nftables >"$text"; nft -f "$text" || exit 1
    cleared nft;;
  *)
    four >"$text"; by iptables "$text"
    if have ip6tables && ip6tables -w 5 -n -L INPUT >/dev/null 2>&1; then six >"$text"; by ip6tables "$text"
    elif [ -s /proc/net/if_inet6 ]; then fail 'this host has IPv6, and ip6tables does not work'; fi
    cleared iptables;;
esac
`
}

/** The unit: in force before the engine starts its containers, and again whenever the engine is started anew. */
export const unitText = (project: string): string => `# Written by Longshore
[Unit]
Description=Who may reach published ports of ${project}
Before=docker.service
PartOf=docker.service
After=nftables.service ufw.service netfilter-persistent.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${portRulesFile(project)}
[Install]
WantedBy=docker.service
`

const stamp = (project: string): Sh => sh`
stamp() { { cat ${portRulesFile(project)}; listing; } | sha256sum; }`

/** Prints the rules that the host keeps, whether they are in force, and whether they will be after a boot. */
export const rulesProbe = (project: string): Sh => sh`${functions(project)}${stamp(project)}
if [ -f ${portRulesFile(project)} ]; then
  if [ "$(id -u)" != 0 ]; then echo 'only root may see the rules for ports: say become: true' >&2; exit 1; fi
  grep '^# rule ' ${portRulesFile(project)}
  if [ "$(cat ${stampFile(project)} 2>/dev/null)" = "$(stamp)" ]; then echo force=yes; else echo force=no; fi
else echo force=none; fi
if ${isSystemd}; then echo "boot=$(systemctl is-enabled ${unitOf(project)} 2>/dev/null </dev/null)"; else echo boot=none; fi`

/** Makes the folder of the script. */
export const makeFolder = (project: string): Sh =>
  sh`(umask 022; mkdir -p ${portRulesFile(project).replace(/\/[^/]*$/, '')})`

/** Brings the script's rules into force, now and at each start of the engine. */
export const bringIntoForce = (project: string): Sh => sh`(${functions(project)}${stamp(project)}
if ${isSystemd}; then
  systemctl daemon-reload </dev/null && systemctl enable ${unitOf(project)} </dev/null && systemctl restart ${unitOf(project)} </dev/null || {
    systemctl status --no-pager -n 20 ${unitOf(project)} </dev/null >&2; exit 1; }
else sh ${portRulesFile(project)} || exit 1; fi
(umask 077; stamp >${stampFile(project)}))`

/** Takes all of it away. */
export const takeAway = (project: string): Sh => sh`(${functions(project)}
if ${isSystemd}; then systemctl disable --now ${unitOf(project)} </dev/null 2>/dev/null; fi
rm -f ${unitFile(project)}
if ${isSystemd}; then systemctl daemon-reload </dev/null; fi
cleared all
rm -f ${stampFile(project)} ${portRulesFile(project)})`
