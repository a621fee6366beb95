// An include or a role that is not replaced by its tasks yet, as a kind of thing: it has nothing of its own to probe or to do.
import { type AnyResource, anyResource, resource } from '../resource.js'
import { z } from '../schema.js'
import { sh } from '../sh.js'

const useKind = (kind: string): AnyResource =>
  anyResource(
    resource<unknown, null>({
      kind,
      schema: z.unknown(),
      name: () => `the tasks of this ${kind}`,
      probe: () => sh`:`,
      read: () => null,
      diff: () => [{ what: 'its tasks', from: '', to: '' }],
      verb: () => kind,
      apply: () => [],
      unknown: () => true,
    }),
  )

/** The kinds that stand for tasks of other files, by their words. */
export const useKinds: Readonly<Record<string, AnyResource>> = { include: useKind('include'), role: useKind('role') }
