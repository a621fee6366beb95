// The `git` kind: a checkout of a repository on the host at a branch, a tag or a commit, as Ansible's git.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import type { Change } from '../../core/step.js'
import { hostPath, word } from '../_attributes.js'
import { type CheckoutWant, checkingOut, isCommit, probing } from './_checkout.js'

const name = z.string().regex(/^(?![-.])[^\s~^:?*[\\\p{Cc}]+$/u, 'must be a name as git takes it')

const schema = z.strictObject({
  repo: z
    .string({ error: 'must be text: a secret would show in the process list; use key_file, or a credential helper' })
    .regex(/^(?!-)[^\p{Cc}\s]+$/u, 'must be an address or a path')
    .refine(
      text => !/^https?:\/\/[^/@]*:[^/@]*@/.test(text),
      'must hold no password: use key_file, or a credential helper',
    )
    .describe('Address of the repository, as git takes it: https://…, git@host:path, or a path on the host'),
  dest: hostPath.describe('Folder of the checkout on the host; made where it is not there'),
  version: name.default('HEAD').describe('A branch, a tag or a commit; left out: the default branch of the repository'),
  remote: name.default('origin').describe('What the repository is called in the checkout'),
  depth: z.int().min(1).optional().describe('How many commits of its history to get; left out: all'),
  update: z.boolean().default(true).describe('Get what is new; false: a checkout that is there stays as it is'),
  force: z.boolean().default(false).describe('Throw away local changes; without it they are a failure'),
  recursive: z.boolean().default(true).describe('With its submodules'),
  key_file: hostPath.optional().describe('Private key on the host for ssh'),
  accept_hostkey: z.boolean().default(false).describe('Take the key of an ssh server that is not known yet'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), word)
    .default({})
    .describe('Variables for git, such as https_proxy'),
})

type Want = z.infer<typeof schema> & CheckoutWant

interface Seen {
  state: 'no-git' | 'absent' | 'occupied' | 'repository'
  /** Commit that is checked out; empty before the first. */
  head: string
  url: string
  branch: string
  /** Tracked files with local changes. */
  dirty: string[]
  /** The commit that the version is now: as the repository says, or as is known on the host. Undefined where nobody could tell. */
  wanted: string | undefined
  /** The branch that shall be checked out; undefined for a tag or a commit. */
  wantedBranch: string | undefined
  /** Why the repository could not be asked. */
  trouble?: string
}

/** Whether the repository must be asked what the version is. */
const mustAsk = (want: Want): boolean => want.update && !isCommit(want.version)

const short = (commit: string): string => (commit === '' ? 'nothing' : commit.slice(0, 10))

/** What the repository's answer says of the version: a branch is taken before a tag, and of a tag its commit. */
function answered(lines: readonly string[], version: string): Pick<Seen, 'wanted' | 'wantedBranch'> | undefined {
  const commits = new Map(lines.map(line => line.split('\t')).map(([commit = '', ref = '']) => [ref, commit]))
  if (version === 'HEAD') {
    const [, branch] = /^ref: refs\/heads\/(.*)\tHEAD$/m.exec(lines.join('\n')) ?? []
    const head = lines.find(line => /^[\da-f]{40,64}\tHEAD$/.test(line))?.split('\t')[0]
    return head === undefined ? undefined : { wanted: head, wantedBranch: branch }
  }
  const branch = commits.get(`refs/heads/${version}`)
  if (branch !== undefined) return { wanted: branch, wantedBranch: version }
  const tag = commits.get(`refs/tags/${version}^{}`) ?? commits.get(`refs/tags/${version}`)
  return tag === undefined ? undefined : { wanted: tag, wantedBranch: undefined }
}

function readCheckout(out: string, want: Want): Seen {
  const all = (key: string): string[] =>
    out.split('\n').flatMap(line => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []))
  const [state] = all('state')
  const [asked] = all('asked')
  const [head = ''] = all('head')
  const [url = ''] = all('url')
  const [branch = ''] = all('branch')
  const [named = ''] = all('named')
  if (state !== 'no-git' && state !== 'absent' && state !== 'occupied' && state !== 'repository')
    throw new UserError('the host did not say what is at the folder', { output: out.slice(-2000) })
  const known = isCommit(want.version) ? want.version : named === '' ? undefined : named
  const found = asked === 'yes' ? answered(all('remote'), want.version) : undefined
  const trouble = asked === 'no' ? (all('said').find(line => line !== '') ?? 'it did not answer') : undefined
  return {
    state,
    head,
    url,
    branch,
    dirty: all('dirty').map(line => line.slice(3)),
    ...(found ?? { wanted: trouble === undefined ? known : undefined, wantedBranch: undefined }),
    ...(trouble === undefined ? {} : { trouble }),
  }
}

function changes(want: Want, seen: Seen): Change[] {
  const { state, head, url, branch, dirty, wanted, wantedBranch, trouble } = seen
  const to =
    wanted === undefined ? want.version : `${want.version === wanted ? '' : `${want.version}, `}${short(wanted)}`
  if (state !== 'repository')
    return [{ what: 'checkout', from: state === 'occupied' ? 'something else' : 'absent', to }]
  if (!want.update) return head === '' ? [{ what: 'checkout', from: 'nothing', to }] : []
  const found: Change[] = []
  if (url !== want.repo) found.push({ what: want.remote, from: url === '' ? 'none' : url, to: want.repo })
  if (trouble !== undefined)
    found.push({ what: 'version', from: `${short(head)}, and the repository does not answer`, to })
  else if (head !== wanted) found.push({ what: 'version', from: short(head), to })
  if (wantedBranch !== undefined && branch !== wantedBranch)
    found.push({ what: 'branch', from: branch === '' ? 'none' : branch, to: wantedBranch })
  if (dirty.length > 0 && (want.force || found.length > 0))
    found.push({
      what: 'local changes',
      from: dirty.slice(0, 5).join(', ') + (dirty.length > 5 ? `, and ${dirty.length - 5} more` : ''),
      to: want.force ? 'none' : 'in the way: the step will fail',
      ...(want.force ? { loses: `the local changes in ${want.dest}` } : {}),
    })
  return found
}

/** A checkout. A branch is followed: what is new in the repository comes with the next run. */
export const git = resource<Want, Seen>({
  kind: 'git',
  summary: 'A checkout of a git repository at a branch, a tag or a commit; what is new there comes with the next run.',
  example: `- name: git is there
  package: git
- name: a repository to take from
  command: { sh: "git init -q -b main /srv/shop.git && cd /srv/shop.git && git -c user.name=a -c user.email=a@b.test commit -q --allow-empty -m first", creates: /srv/shop.git/.git/HEAD }
- name: the shop
  git: { repo: /srv/shop.git, dest: /opt/shop, version: main }`,
  schema,
  name: want => `checkout ${want.dest}`,
  probe: want => probing(want, mustAsk(want)),
  read: readCheckout,
  diff: changes,
  verb: (_want, seen) => (seen.state === 'repository' ? 'update' : 'clone'),
  apply: (want, seen) => (changes(want, seen).length === 0 ? [] : [checkingOut(want)]),
  brings: () => true,
  touches: want => [`file:${want.dest}`],
  result: (want, seen) => ({ after: seen.head, version: want.version, dest: want.dest }),
})
