// A playbook's shape after reading: plays with tasks and handlers, their values still unrendered.
import type { At } from './errors.js'
import type { Raw, Selector, Vars } from './raw.js'

/** One task or handler. */
export interface Task {
  name: string
  /** The resource's word ("package"). */
  kind: string
  /** The resource's own YAML, unrendered. */
  args: Raw
  at: At
  /** A CEL expression. */
  when?: { text: string; at: At }
  /** A list, or one whole expression that gives a list. */
  loop?: Raw
  register?: string
  changed_when?: { text: string; at: At }
  failed_when?: { text: string; at: At }
  notify: { name: string; at: At }[]
  tags: string[]
  become?: boolean
  /** Whom to become, root if left out. */
  become_user?: string
  vars: Vars
  environment?: Raw
  ignore_errors: boolean
  no_log: boolean
  /** Seconds. */
  timeout?: number
}

export interface Play {
  name: string
  hosts: Selector
  become: boolean
  vars: Vars
  tags: string[]
  tasks: Task[]
  handlers: Task[]
  /** The playbook file's folder: where `src` starts. */
  folder: string
  at: At
}
