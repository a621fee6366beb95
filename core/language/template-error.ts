// A template's mistake before it has a place in a file: it knows the node of the tree.
import type { Expression, Literal, Path, Statement } from './handlebars.js'

/** A mistake in a template, at a node. */
export class TemplateError extends Error {
  readonly node: Path | Literal | Statement | Expression
  /** True when a name does not exist, which `default` and `required` allow. */
  readonly missing: boolean

  constructor(message: string, node: Path | Literal | Statement | Expression, missing = false) {
    super(message)
    this.node = node
    this.missing = missing
  }
}
