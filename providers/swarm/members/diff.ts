// Who must join, leave, be promoted or drained, in an order that never costs the swarm its majority. Pure.
import { isIP } from 'node:net'
import { UserError } from '../../../core/errors.js'
import type { EngineStep, Scope } from '../../../core/provider.js'
import type { Change } from '../../../core/step.js'
import type { Member } from '../../../core/together/ability.js'
import type { MembershipWant } from '../../../core/together/membership-words.js'
import { hostLabel, hostOfNode, isFound, isUp, nodeOf, type SwarmSeen } from '../seen.js'
import type { NodeShape } from '../shapes.js'
import { swarmStep } from '../work.js'
import { staleNodes } from './stale-nodes.js'

export interface MembersPlan {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

interface Wanting {
  member: Member
  want: MembershipWant
  node: NodeShape | undefined
}

/** How the others reach a host. */
const addressOf = ({ host, facts }: Member): string => host.private ?? facts?.address ?? ''

/** The address that a node had, where it came up at another one and the swarm does not find it: it can only join anew. */
function movedTo({ member, want, node }: Wanting, { infos }: SwarmSeen): string | undefined {
  const before = infos[member.host.name]?.NodeAddr
  const now = want.advertise ?? addressOf(member)
  if (node === undefined || isFound(node) || before === undefined || before === '' || isIP(now) === 0) return undefined
  return now === before ? undefined : before
}

/** The labels of a node, with the one that says which host it is. */
export const labelsOf = (host: string, want: MembershipWant): Record<string, string> => ({
  ...want.labels,
  [hostLabel]: host,
})

/** What of a node is not as wanted, besides its role. Labels of others stay, but for those that were ours: none are told apart, so the file's are all. */
function nodeChanges({ Spec }: NodeShape, host: string, want: MembershipWant): Change[] {
  const now = Spec.Labels ?? {}
  const then = labelsOf(host, want)
  const keys = [...new Set([...Object.keys(now), ...Object.keys(then)])].sort()
  const labels = keys
    .filter(key => now[key] !== then[key])
    .map(key => ({ what: `labels.${key}`, from: now[key] ?? 'not set', to: then[key] ?? 'not set' }))
  const isSame = Spec.Availability === want.availability
  return isSame ? labels : [{ what: 'availability', from: Spec.Availability, to: want.availability }, ...labels]
}

const verbOf = { active: 'activate', pause: 'pause', drain: 'drain' } as const

const majority = (managers: number): number => Math.floor(managers / 2) + 1

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** Refuses to take managers away so that those left could decide nothing. `leaving` go one after the other, when `coming` are there. */
function refuseLoss(
  scope: Scope,
  managers: readonly NodeShape[],
  coming: number,
  leaving: readonly { node: NodeShape; want: MembershipWant | undefined }[],
): void {
  let all = managers.length + coming
  let up = managers.filter(isUp).length + coming
  for (const { node, want } of leaving) {
    all -= 1
    if (isUp(node)) up -= 1
    if (all >= 1 && up >= majority(all)) continue
    const left =
      all === 0
        ? 'no manager would be left'
        : `${up} of ${counted(all, 'manager')} would be up, and ${majority(all)} must be`
    throw new UserError(`the swarm would lose its quorum: without ${node.Description.Hostname} as a manager, ${left}`, {
      where: scope.name,
      at: want?.at,
      hint: 'bring managers that are down back first, or make others managers before this one stops being one',
    })
  }
}

/** Who is to be what: a host that is not declared a member of it any more leaves. */
export function diffMembers(
  scope: Scope,
  members: readonly Member[],
  seen: SwarmSeen,
  options: { prune: boolean },
): MembersPlan {
  const plan: MembersPlan = { steps: [], orphans: [], unchanged: 0, warnings: [] }
  const all = members.flatMap((member): Wanting[] => {
    const want = member.host.engine.membership
    return want === undefined ? [] : [{ member, want, node: nodeOf(seen, member.host.name) }]
  })
  const add = (
    { member }: Wanting,
    told: { verb: string; cause: string; after?: string[]; changes?: Change[]; loses?: string; thing?: string },
    work: Parameters<typeof swarmStep>[3],
  ): EngineStep => {
    const step = swarmStep(scope, told.thing ?? 'swarm', { ...told, host: member.host.name }, work)
    plan.steps.push(step)
    return step
  }
  const isMember = (one: Wanting): boolean => one.want.role !== 'none'
  const wantedManagers = all.filter(({ want }) => want.role === 'manager')
  if (wantedManagers.length % 2 === 0 && wantedManagers.length > 0)
    plan.warnings.push(
      `${wantedManagers.length} managers are no safer than ${wantedManagers.length - 1}: more than half must be up; take an odd number`,
    )

  // 1. A swarm begins on the first manager.
  let first: EngineStep | undefined
  if (seen.cluster === undefined) {
    const lost = wantedManagers.filter(({ member }) => !member.reached).map(({ member }) => member.host.name)
    if (lost.length > 0) {
      plan.warnings.push(
        `the swarm is not begun while ${lost.join(', ')} cannot be reached: it may be one of it already`,
      )
      return plan
    }
    const [head] = wantedManagers
    if (head === undefined) return plan
    const { member, want } = head
    const work = { kind: 'init', host: member.host.name, want, address: addressOf(member) } as const
    first = add(head, { verb: 'init', cause: 'there is no swarm yet' }, work)
  }

  // 2. The others join, managers one after the other: each changes the majority. What they were before goes first: a manager that is
  // gone counts against the others, who go on looking for it at the address that the new one has.
  const stale = staleNodes(members, seen, options.prune)
  const nameOf = (node: NodeShape): string => hostOfNode(seen, node) ?? node.Description.Hostname
  const remove = (node: NodeShape, told: { cause: string; after: string[]; host?: string }): string => {
    const name = nameOf(node)
    const work = { kind: 'remove-node', id: node.ID, name } as const
    const step = swarmStep(scope, `node ${name} (${node.ID.slice(0, 8)})`, { verb: 'remove', ...told }, work)
    plan.steps.push(step)
    return step.id
  }
  const removed: string[] = []
  // A step of the host's own: what all do together waits for it.
  for (const node of stale.replaced)
    removed.push(remove(node, { cause: 'the host is another node now', after: removed.slice(-1), host: nameOf(node) }))
  let lastManager = first
  const joined: EngineStep[] = []
  for (const one of [...wantedManagers, ...all.filter(({ want }) => want.role === 'worker')]) {
    const { member, want, node } = one
    const moved = movedTo(one, seen)
    if ((node !== undefined && moved === undefined) || first?.host === member.host.name || !member.reached) continue
    const after = [...(lastManager ? [lastManager.id] : []), ...removed]
    const old = seen.cluster?.nodes.some(({ Spec }) => Spec.Labels?.[hostLabel] === member.host.name)
    const cause = moved
      ? `its address was ${moved} and is ${addressOf(member)}`
      : old
        ? 'it has forgotten the swarm that it was a member of'
        : 'not a member'
    const kind = moved === undefined ? 'join' : 'rejoin'
    const work = { kind, host: member.host.name, want, address: addressOf(member) } as const
    const step = add(one, { verb: 'join', cause: `${cause}; as a ${want.role}`, after }, work)
    joined.push(step)
    if (want.role === 'manager') lastManager = step
  }

  // 3. Roles, availability and labels of those that are members.
  const promoted: EngineStep[] = []
  for (const one of all.filter(isMember)) {
    const { member, want, node } = one
    if (node === undefined || movedTo(one, seen) !== undefined) continue
    const host = member.host.name
    if (want.role === 'manager' && node.Spec.Role === 'worker') {
      const after = [...((promoted.at(-1) ?? lastManager) ? [(promoted.at(-1) ?? lastManager)?.id ?? ''] : [])]
      const work = { kind: 'role', host, role: 'manager' } as const
      promoted.push(add(one, { verb: 'promote', cause: 'role: worker → manager', after, thing: 'swarm role' }, work))
    }
    const changes = nodeChanges(node, host, want)
    const isMoved = changes.some(({ what }) => what === 'availability')
    if (changes.length > 0)
      add(
        one,
        {
          verb: isMoved ? verbOf[want.availability] : 'label',
          cause: changes.map(({ what, from, to }) => `${what}: ${from} → ${to}`).join(', '),
          changes,
          thing: 'swarm node',
        },
        { kind: 'node', host, want },
      )
    else if (node.Spec.Role === want.role) plan.unchanged++
    if (!isUp(node))
      plan.warnings.push(
        `node ${host} is ${node.Status.State}${node.Status.Message ? ` (${node.Status.Message})` : ''}`,
      )
  }

  // 4. Managers stop being ones, and members leave, one after the other, when the new ones are there.
  const managers = (seen.cluster?.nodes ?? []).filter(
    node => node.Spec.Role === 'manager' && !stale.replaced.includes(node),
  )
  const demoted = all.filter(({ want, node }) => want.role === 'worker' && node?.Spec.Role === 'manager')
  const leaving = all.filter(({ want, node }) => want.role === 'none' && node !== undefined)
  const going = [
    ...[...demoted, ...leaving].flatMap(({ node, want }) => (node?.Spec.Role === 'manager' ? [{ node, want }] : [])),
    ...stale.gone.filter(({ Spec }) => Spec.Role === 'manager').map(node => ({ node, want: undefined })),
  ]
  const coming = [...joined, ...promoted].filter(step => {
    const one = all.find(({ member }) => member.host.name === step.host)
    return one?.want.role === 'manager'
  }).length
  const isLast = leaving.length > 0 && !all.some(isMember) && stale.foreign.length === 0
  if (!isLast) refuseLoss(scope, managers, coming, going)
  let before = [...joined, ...promoted].map(({ id }) => id)
  for (const one of demoted) {
    const work = { kind: 'role', host: one.member.host.name, role: 'worker' } as const
    const told = { verb: 'demote', cause: 'role: manager → worker', after: before, thing: 'swarm role' }
    before = [...before, add(one, told, work).id]
  }
  for (const one of leaving) {
    const { node } = one
    const told = {
      verb: 'leave',
      cause: 'role: none',
      after: before,
      ...(isLast ? { loses: 'the swarm, with its secrets: no member is left' } : {}),
    }
    if (node) before = [...before, add(one, told, { kind: 'leave', host: one.member.host.name }).id]
  }
  for (const node of stale.gone) {
    before = [...before, remove(node, { cause: 'no longer declared', after: before })]
  }
  plan.orphans.push(...stale.orphans)
  if (stale.foreign.length > 0)
    plan.warnings.push(
      `${stale.foreign.map(({ Description }) => Description.Hostname).join(', ')}: nodes of the swarm that the file does not name; services without \`on\` may run there, and no image is brought there`,
    )
  return plan
}
