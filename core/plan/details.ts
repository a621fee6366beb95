// Adds to what was planned what only people see who ask for every difference: read only for them, and never a reason to fail.
import { UserError } from '../errors.js'
import { type DetailsContext, isAbsent } from '../provider.js'
import type { EngineSide } from '../run/engine-side.js'

/** Adds the details to what was planned for an engine; does nothing where none is there. */
export async function addDetails(side: EngineSide, context: DetailsContext): Promise<void> {
  const { provider, opened, wanted, planned, seen } = side
  if (planned === undefined || wanted === undefined || opened === undefined || isAbsent(opened)) return
  try {
    const steps = await provider.details?.(opened, { steps: planned.steps, wanted, seen }, context)
    if (steps !== undefined) side.planned = { ...planned, steps }
  } catch (error) {
    context.signal.throwIfAborted()
    // The plan stands without them; of a host that has gone away the run will tell.
    if (!(error instanceof UserError)) throw error
  }
}
