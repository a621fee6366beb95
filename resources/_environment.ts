// Variables and input for a command: plain ones in its text, secret ones over standard input, where no process list shows them.
import { reveal, Secret, type Value } from '../core/secret.js'
import { quote, type Sh, type Source, sh, withStdin } from '../core/sh.js'

/** Variables by name. */
export type Environment = Record<string, Value>

const exportOf = ([name, value]: [string, string]): Sh => sh`export ${name}=${value}
`

/** Shell text that sets the variables that are no secrets. */
export const plainExports = (environment: Environment): Sh =>
  Object.entries(environment)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .map(exportOf)
    .reduce((all, one) => sh`${all}${one}`, sh``)

/**
 * The command with its whole environment and input. Secret variables travel as the first lines of its standard input; `read` takes
 * no byte more than its line from a pipe, so that the rest is the command's own.
 */
export function withEnvironment(command: Sh, environment: Environment, input: Value | undefined): Sh {
  const secrets = Object.entries(environment).filter((entry): entry is [string, Secret] => entry[1] instanceof Secret)
  const body = sh`${plainExports(environment)}${command}`
  if (secrets.length === 0) {
    if (input === undefined)
      return sh`(${body}
) </dev/null`
    return withStdin(
      sh`(${body}
)`,
      typeof input === 'string' ? input : { secret: input },
    )
  }
  const text = secrets.map(([name, value]) => `export ${name}=${quote(value.reveal())}\n`).join('')
  const script = sh`(variables= left=${text.split('\n').length - 1}
while [ "$left" -gt 0 ]; do
  IFS= read -r line || exit 1
  variables="$variables$line
" left=$((left - 1))
done
eval "$variables"
${body}
)`
  const source: Source = { secret: new Secret('environment of a command', text + reveal(input ?? '')) }
  return withStdin(script, source)
}
