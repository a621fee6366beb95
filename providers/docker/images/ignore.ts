// The one door to the .dockerignore library: which paths of a build context are left out.
import dockerignore from '@balena/dockerignore'

/** A test for paths relative to the context, made from a .dockerignore file's text. */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = dockerignore.default().add(text.split(/\r?\n/))
  return path => rules.ignores(path)
}
