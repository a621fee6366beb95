// `longshore status`: each host, its engine, its containers, and how far it is from the file.
import { exitCodes } from '../../../core/errors.js'
import { isAbsent } from '../../../core/provider.js'
import { lockText } from '../../../core/run/lock.js'
import { exitOf } from '../../../core/run/run.js'
import { worksInside } from '../../../core/run/session.js'
import { command } from '../../command.js'
import { showAway } from '../../machines/away.js'
import { foretellMachines } from '../../machines/first.js'
import { problemsOf, showErrors, withSession } from '../../session.js'

export const status = command({
  name: 'status',
  summary: 'show hosts, engines, containers, and what differs from the file',
  arguments: {},
  options: {},
  async run(given, _given) {
    const { context, away, nobody } = await foretellMachines(given)
    await showAway(context, away)
    if (nobody) return exitCodes.done
    return withSession(context, { extent: 'all', prune: false }, async ({ context: session, plan }) => {
      for (const work of worksInside(plan)) {
        const host = work.host.name
        const side = plan.sides.find(one => one.work === work)
        const pending = plan.steps.filter(step => step.host === host).length
        const orphans = plan.orphans.filter(orphan => orphan.host === host).map(orphan => orphan.thing)
        const opened = side?.opened
        const engine = opened === undefined ? undefined : isAbsent(opened) ? opened.text : opened.about
        const containers =
          side && opened && !isAbsent(opened) ? await side.provider.list(opened, session.project.name) : []
        const trouble = work.problem?.exit === exitCodes.unreachable ? 'not reached' : 'in trouble'
        const state = work.problem ? trouble : pending === 0 ? 'as the file says' : `${pending} to change`
        if (context.options.json) {
          context.printJson({
            type: 'status',
            host,
            state,
            engine,
            pending,
            orphans,
            containers,
            lock: work.state.lock,
          })
          continue
        }
        const style = await context.style()
        const os = work.facts ? `, ${work.facts.os.name}` : ''
        context.print(`${style.strong(host)}  ${state}${os}${engine === undefined ? '' : `, ${engine}`}`)
        if (work.state.lock) context.print(`  lock ${lockText(work.state.lock)}`)
        for (const one of containers)
          context.print(
            `  ${one.name}  ${one.image}  ${one.status}${one.ports.length > 0 ? `  ${one.ports.join(', ')}` : ''}`,
          )
        for (const orphan of orphans) context.print(`  ${orphan}  no longer declared`)
      }
      for (const side of plan.together ?? []) {
        const lines = side.seen === undefined ? [] : side.together.tell(side.seen)
        const pending = plan.steps.filter(step => step.host === side.scope.name).length
        const orphans = plan.orphans.filter(orphan => orphan.host === side.scope.name).map(orphan => orphan.thing)
        if (context.options.json) {
          context.printJson({ type: 'status', host: side.scope.name, pending, orphans, lines })
          continue
        }
        const style = await context.style()
        const state = pending === 0 ? '' : `  ${pending} to change`
        context.print(`${style.strong(side.scope.name)}${state}`)
        for (const line of lines) context.print(`  ${line}`)
        for (const orphan of orphans) context.print(`  ${orphan}  no longer declared`)
      }
      const problems = problemsOf(plan)
      await showErrors(context, problems)
      return exitOf(problems, context.signal.aborted)
    })
  },
})
