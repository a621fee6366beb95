// A step of a plan: one thing on one host that is not yet as wanted, and why we say so.

/** One difference between what is wanted and what is there. */
export interface Change {
  /** What differs ("mode", "environment.COLOR", "content"). */
  what: string
  from: string
  to: string
  /** What people would lose by it ("the data in volume shop_data"). */
  loses?: string
  /** A unified diff of text content, where there is one and it holds no secret. */
  diff?: string
}

/** What a plan lists. Ids are the same for the same input, so two plans can be compared. */
export interface Step {
  /** `HOST/…`, unique in the plan. */
  id: string
  host: string
  /** The thing as people call it: "package curl", "container shop-redis-1". */
  thing: string
  /** One verb: install, write, create, replace, start, remove, build, run, … */
  verb: string
  /** Why: the differing fields, or the step that notified. */
  cause: string
  /** Ids of the steps that must have ended well before this one starts. */
  after: string[]
  /** Ids of what must have ended, however, before this one starts: steps, and gates between them. */
  waits?: string[]
  loses?: string
  /** `unknown` only for a command without a check, for what reads its register, and for what reads a register that a step before may change. */
  certainty: 'will' | 'unknown'
  changes?: Change[]
}

/** A point that many steps wait for and that waits for many, so that the edges between them stay few. Over as soon as all it waits for have ended. */
export interface Gate {
  id: string
  waits: string[]
}
