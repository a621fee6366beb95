// A playbook's shape after reading: plays with tasks and handlers, their values still unrendered.
import type { At } from './errors.js'
import type { Raw, Selector, Vars } from './raw.js'

/** A CEL expression. */
export interface Condition {
  text: string
  at: At
}

/** A block that a task stands in, and the part of it. */
export interface BlockPart {
  /** Unique in the play. */
  block: string
  /** The block's name, as people call it. */
  name: string
  part: 'block' | 'rescue' | 'always'
  /** Whether the block has a rescue part, so that a failure in it is caught. */
  rescued: boolean
}

/** What a task that came by a role or an include brings with it, beyond its own words. */
export interface Origin {
  /** Where `src` starts, then its `templates/` and `files/`. */
  folder: string
  /** The role that it came by, if it did, with the names of its handlers. */
  role?: { name: string; handlers: readonly string[] }
  /** Variables weaker than all others: a role's defaults. */
  defaults: Vars
  /** Variables of roles and includes, the outermost first: stronger than the play's, weaker than the task's. */
  vars: Vars[]
  /** Entries of the loops of includes around it, by their names: values, no templates. */
  entries: Vars
  /** What the passes of those loops are called. */
  label?: string
}

/** The tasks that one file holds, or one role with what belongs to it; read once, however often it is used. */
export interface TaskSet {
  /** As people call it. */
  name: string
  /** The task file, or the role's folder. */
  path: string
  tasks: Task[]
  role?: { handlers: Task[]; defaults: Vars; vars: Vars }
}

/** How a loop is shown and which names its passes have. */
export interface LoopControl {
  /** Name of the entry; `item` if left out. */
  loop_var: string
  /** Name of the number of the pass, from 0. */
  index_var?: string
  /** A template: what a pass is called; the entry if left out. */
  label?: Raw
}

/** One task or handler. What its blocks say is already merged in. */
export interface Task {
  name: string
  /** The resource's word ("package"); `include` and `role` stand for the tasks of a file, and are replaced by them. */
  kind: string
  /** The resource's own YAML, unrendered. */
  args: Raw
  at: At
  /** All must hold; those of outer blocks first. */
  when: Condition[]
  /** A list, a map, or one whole expression that gives one. */
  loop?: Raw
  loop_control: LoopControl
  register?: string
  changed_when?: Condition
  failed_when?: Condition
  /** Tries again until this holds. */
  until?: Condition
  /** How many more times it is tried after a failure. */
  retries?: number
  /** Seconds between tries. */
  delay?: number
  notify: { name: string; at: At }[]
  /** Of a handler: other names that notify it. */
  listen: string[]
  tags: string[]
  become?: boolean
  /** Whom to become, root if left out. */
  become_user?: string
  vars: Vars
  environment?: Raw
  /** Left out: what is around it says so, else false. */
  ignore_errors?: boolean
  no_log: boolean
  /** Seconds. */
  timeout?: number
  /** Name of the host that it is done on, rendered for the host that it is done for. */
  delegate_to?: Raw
  /** Done once, on the first host of the play; what it registers is every host's. */
  run_once: boolean
  /** The blocks around it, the outermost first. */
  blocks: BlockPart[]
  origin: Origin
  /** Of an include or a role: what it stands for, where its name has no templates. */
  opens?: TaskSet
}

export interface Play {
  name: string
  hosts: Selector
  become: boolean
  /** Those of `vars_files` are among them already. */
  vars: Vars
  /** Absolute paths of `vars_files`, the strongest last. */
  varsFiles: string[]
  tags: string[]
  tasks: Task[]
  handlers: Task[]
  /** How many hosts at a time: numbers or percentages ("25%"), the last one again for the rest; empty = all. */
  serial: (number | string)[]
  /** How many hosts of the play may fail (a number, or a percentage of them) before no further step of it starts. Left out: all, or with `serial` all of one batch. */
  max_fail?: number | string
  /** The playbook file's folder: where `src` starts. */
  folder: string
  /** The project's folder: where roles and files are looked for after the playbook's. */
  home: string
  /** Reads what an include or a role of this play names; a usage error when it is not there or has mistakes. */
  open(task: Task, name: string): Promise<TaskSet>
  /** Some include's name has templates: whom `notify` names is checked when it is known. */
  hasOpenNames: boolean
  at: At
}
