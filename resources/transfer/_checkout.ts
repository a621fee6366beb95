// Shell text of a git checkout: how git is called, what the probe asks, and the way from any state to the wanted one.
import { type Sh, sh } from '../../core/sh.js'
import { plainExports } from '../_environment.js'

/** What is wanted of a checkout. */
export interface CheckoutWant {
  repo: string
  dest: string
  /** A branch, a tag, a commit, or HEAD: the default branch of the repository. */
  version: string
  remote: string
  depth?: number | undefined
  force: boolean
  recursive: boolean
  key_file?: string | undefined
  accept_hostkey: boolean
  environment: Record<string, string>
}

/** A commit's whole name, which needs no question to the repository. */
export const isCommit = (version: string): boolean => /^[\da-f]{40}$|^[\da-f]{64}$/.test(version)

/**
 * Defines `g`, which is git in the checkout, and git's surroundings. Nothing asks for a password. The repository is named and never looked
 * for: so a broken one is not taken for the one around it, and one of another owner is taken as the task names it.
 */
export function calling(want: CheckoutWant): Sh {
  const key = want.key_file === undefined ? [] : ['-i', want.key_file, '-o', 'IdentitiesOnly=yes']
  const host = want.accept_hostkey ? ['-o', 'StrictHostKeyChecking=accept-new'] : []
  const ssh = sh`${['ssh', '-o', 'BatchMode=yes', ...key, ...host]}`.sh
  return sh`dest=${want.dest}
export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND=${ssh}
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
${plainExports(want.environment)}
export GIT_CEILING_DIRECTORIES="\${dest%/*}"
g() { git -C "$dest" --git-dir="$dest/.git" --work-tree="$dest" "$@"; }
is_repository() { [ -e "$dest/.git" ]; }
must_be_sound() { if is_repository; then g rev-parse --git-dir >/dev/null || exit 1; fi; }`
}

/** Defines `ask`, which prints what the repository has under the version's name, and fails with git's own words. Needs `calling`. */
const asking = ({ repo, version }: CheckoutWant): Sh => sh`
ask() { (cd / && git ls-remote --symref -- ${repo} HEAD ${version === 'HEAD' ? sh`` : sh`${[`refs/heads/${version}`, `refs/tags/${version}`, `refs/tags/${version}^{}`]}`}) </dev/null; }`

/** Prints what is in dest, and what the repository says if `asks`. Git may come with a task before: without it, that is told. */
export const probing = (want: CheckoutWant, asks: boolean): Sh => sh`(
${calling(want)}
${asking(want)}
command -v git >/dev/null || { echo state=no-git; exit 0; }
must_be_sound
if is_repository; then
  echo state=repository
  echo "head=$(g rev-parse -q --verify 'HEAD^{commit}')"
  echo "url=$(g config --get ${`remote.${want.remote}.url`})"
  echo "branch=$(g symbolic-ref -q --short HEAD)"
  echo "named=$(g rev-parse -q --verify ${`${want.version}^{commit}`} 2>/dev/null)"
  g status --porcelain --untracked-files=no | sed 's/^/dirty=/'
elif [ -d "$dest" ] && [ -n "$(ls -A "$dest")" ]; then echo state=occupied
elif [ -e "$dest" ] && [ ! -d "$dest" ]; then echo state=occupied
else echo state=absent; fi
${
  asks
    ? sh`if answer=$(ask 2>&1); then printf '%s\n' "$answer" | sed 's/^/remote=/'; echo asked=yes
else printf '%s\n' "$answer" | sed 's/^/said=/'; echo asked=no; fi`
    : sh`echo asked=skipped`
}
)`

/** Brings the checkout to the version. Local changes, and commits that are nowhere else, stop it unless `force`. */
export const checkingOut = (want: CheckoutWant): Sh => sh`(
fail() { printf '%s\n' "$1" >&2; exit 1; }
${calling(want)}
${asking(want)}
command -v git >/dev/null || fail 'git is not on this host: install the package git in a task before'
must_be_sound
version=${want.version} remote=${want.remote} depth=${want.depth ?? ''} force=${want.force ? 'yes' : ''}
if ! is_repository; then
  if [ -e "$dest" ] && [ ! -d "$dest" ] || [ -n "$(ls -A "$dest" 2>/dev/null)" ]; then fail "$dest is not empty, and no checkout of git: move away what is there"; fi
  mkdir -p "$dest" && git init -q "$dest" || exit 1
fi
if [ "$(g config --get "remote.$remote.url")" != ${want.repo} ]; then
  if g config --get "remote.$remote.url" >/dev/null; then g remote set-url "$remote" ${want.repo}; else g remote add "$remote" ${want.repo}; fi || exit 1
fi
changed=$(g status --porcelain --untracked-files=no)
if [ -n "$changed" ]; then
  if [ -z "$force" ]; then fail "$dest has local changes, which force: true would throw away:
$changed"; fi
fi
if [ -z "$force" ] && head=$(g rev-parse -q --verify 'HEAD^{commit}') && [ -z "$(g for-each-ref --contains "$head" refs/remotes refs/tags refs/longshore)" ]; then
  fail "$dest has commits that are nowhere else, which force: true would leave behind: the last is $(g log -1 --format='%h %s')"
fi
if ${isCommit(want.version) ? 'true' : 'false'}; then kind=commit
else
  answer=$(ask) || exit 1
  if [ "$version" = HEAD ]; then
    version=$(printf '%s\n' "$answer" | sed -n 's|^ref: refs/heads/\(.*\)[[:space:]]HEAD$|\1|p')
    [ -n "$version" ] || fail ${`${want.repo} has no default branch: name a version`}
    kind=branch
  elif printf '%s\n' "$answer" | grep -q '^[0-9a-f]*[[:space:]]refs/heads/'; then kind=branch
  elif printf '%s\n' "$answer" | grep -q '^[0-9a-f]*[[:space:]]refs/tags/'; then kind=tag
  else kind=commit; fi
fi
fetch() { g fetch -q --force \${depth:+--depth "$depth"} "$remote" "$@" </dev/null; }
case $kind in
  branch) fetch "+refs/heads/$version:refs/remotes/$remote/$version" && target=refs/remotes/$remote/$version;;
  tag) fetch "+refs/tags/$version:refs/tags/$version" && target=refs/tags/$version;;
  commit)
    target=$version
    if ! g rev-parse -q --verify "$version^{commit}" >/dev/null; then
      if [ -z "$depth" ] || ! fetch "$version" 2>/dev/null; then
        g fetch -q --force --tags "$remote" "+refs/heads/*:refs/remotes/$remote/*" </dev/null || exit 1
        g rev-parse -q --verify "$version^{commit}" >/dev/null || g fetch -q "$remote" "$version" </dev/null 2>/dev/null
        g rev-parse -q --verify "$version^{commit}" >/dev/null || fail ${`${want.repo} has no branch, tag or commit ${want.version}`}
      fi
    fi;;
esac || exit 1
if [ -z "$depth" ] && [ $kind != commit ]; then g fetch -q --force --tags "$remote" "+refs/heads/*:refs/remotes/$remote/*" </dev/null || exit 1; fi
if [ -n "$force" ] && g rev-parse -q --verify HEAD >/dev/null; then g reset -q --hard || exit 1; fi
if [ $kind = branch ]; then g checkout -q \${force:+--force} -B "$version" "$target" && g branch -q --set-upstream-to="$remote/$version" "$version"
else g checkout -q \${force:+--force} --detach "$target^{commit}"; fi || exit 1
g update-ref refs/longshore/HEAD HEAD
if ${want.recursive ? 'true' : 'false'} && [ -f "$dest/.gitmodules" ]; then
  (cd "$dest" && git -c safe.directory='*' submodule sync -q --recursive && git -c safe.directory='*' submodule update -q --init --recursive \${force:+--force} \${depth:+--depth "$depth"}) </dev/null || exit 1
fi
)`
