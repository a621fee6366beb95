// A Compose project that Compose and we both run.

/** Files of one Compose project by their path, and what runs them. */
export interface ComposeCase {
  name: string
  files: Record<string, string>
  /** The files to give to Compose; compose.yaml if left out. */
  use?: string[]
  profiles?: string[]
  /** Run on the host before. */
  before?: string
  after?: string
  /** A command of the host that shows what a container sees. */
  look?: string
  /** Variables of the shell that both are called from. */
  environment?: Record<string, string>
}
