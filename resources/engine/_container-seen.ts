// What the engine knows of a container: the probe, and its answer as data. No variable leaves the host by it.
import { UserError } from '../../core/errors.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Spec } from './_container-spec.js'
import { inHex, readSpec, secretVariables, specLabel } from './_container-spec.js'
import type { ContainerWant } from './_container-want.js'
import { type Answer, asking, readAnswers } from './_engine.js'

/** A container that is there. */
export interface Container {
  id: string
  /** Id of the image that it was made of. */
  image: string
  /** running, exited, created, paused, restarting, dead; podman has others still. */
  status: string
  /** How it ended. */
  code: number
  labels: Record<string, string>
  /** What its task wanted; undefined for one that no task has made. */
  spec: Spec | undefined
  /** Salted sums of its variables that are secrets in the task, by name. */
  sums: Record<string, string>
}

export interface ContainerSeen {
  answer: Answer
  container: Container | undefined
  /** Id of the wanted image; undefined where the host has it not. */
  image: string | undefined
}

const format = `{{.Id}}
{{.Image}}
{{.State.Status}}
{{.State.ExitCode}}
{{json .Config.Labels}}`

/**
 * Prints the salted sum of each variable in question. The engine's template prints variables in hex, so that any value is one word;
 * printf is a part of the shell, so that no value shows in the process list.
 */
const sums = (name: string, variables: readonly string[]): Sh => sh`
if [ -n "$engine" ] && all=$("$engine" container inspect --format '{{.Id}} {{range .Config.Env}}{{printf "%x" .}} {{end}}' ${name} 2>/dev/null </dev/null); then
  echo 'sums found'
  id=\${all%% *}
  for variable in \${all#* }; do
    case $variable in
      ${variables
        .map(
          each =>
            sh`${inHex(`${each}=`)}* ) sum=$(printf '%s' "$id$variable" | sha256sum); echo "${{ sh: each }} \${sum%% *}";;`,
        )
        .reduce(
          (all, one) => sh`${all}
      ${one}`,
        )}
    esac
  done
  echo end
fi`

export function probeContainer(want: ContainerWant): Sh {
  const secrets = Object.keys(secretVariables(want))
  return sh`${asking}
ask container container inspect --format ${format} ${want.name}
${want.image === undefined ? sh`` : sh`ask image image inspect --format '{{.Id}}' ${want.image}`}
${secrets.length === 0 ? sh`` : sums(want.name, secrets)}`
}

/** docker writes the kind of sum before an id, podman does not. */
const bare = (id: string): string => id.replace(/^sha256:/, '')

function readContainer(text: string, sumLines: string): Container {
  const [id = '', image = '', status = '', code = '', ...rest] = text.split('\n')
  let labels: Record<string, string>
  try {
    labels = (JSON.parse(rest.join('\n')) ?? {}) as Record<string, string>
  } catch {
    throw new UserError('the engine did not say how the container is')
  }
  const lines = sumLines.split('\n').map(line => line.split(' '))
  return {
    id,
    image: bare(image),
    status,
    code: Number(code),
    labels,
    spec: readSpec(labels[specLabel]),
    sums: Object.fromEntries(lines.map(([name = '', sum = '']) => [name, sum])),
  }
}

export function readContainerSeen(out: string, want: ContainerWant): ContainerSeen {
  const answers: Partial<Record<string, Answer>> = readAnswers(
    out,
    want.image === undefined ? ['container'] : ['container', 'image'],
  )
  const { container: answer, image, sums: sumsSeen } = answers
  if (answer === undefined) throw new UserError('the engine did not say how the container is')
  return {
    answer,
    container: answer.state === 'found' ? readContainer(answer.text, sumsSeen?.text ?? '') : undefined,
    image: image?.state === 'found' ? bare(image.text) : undefined,
  }
}
