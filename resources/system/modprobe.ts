// The `modprobe` kind: a kernel module, loaded now and at each boot, with its parameters, as Ansible's modprobe.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { word } from '../_attributes.js'
import { mustBeFile } from '../_content.js'
import { type Entry, look, readEntries } from '../_look.js'
import { type Whole, wholeChanges, wholeScripts } from './_whole.js'

const parameter = z.string().regex(/^\w[\w.-]*=\S+$/, 'must be NAME=VALUE')

const fields = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w-]*$/, 'must be the name of a module, such as br_netfilter')
      .describe('Name of the module'),
    params: z
      .union([
        z.string().transform(text => text.split(/\s+/).filter(one => one !== '')),
        z.record(z.string(), word).transform(all => Object.entries(all).map(([name, value]) => `${name}=${value}`)),
      ])
      .pipe(z.array(parameter))
      .default([])
      .describe(
        'Parameters, as "a=1 b=2" or as a map. They count when the module is loaded; a loaded one is left as it is',
      ),
    persistent: z
      .boolean()
      .default(true)
      .describe('At each boot too: files in /etc/modules-load.d and /etc/modprobe.d'),
    use: z.enum(['now', 'boot']).default('now').describe('now, or boot: only the files are written'),
    state: z.enum(['present', 'absent']).default('present').describe('present, or absent: unloaded, and the files go'),
  })
  .refine(want => want.persistent || want.use === 'now', {
    path: ['use'],
    message: 'says nothing with persistent: false',
  })

const schema = z.preprocess(given => (typeof given === 'string' ? { name: given } : given), fields)

type Want = z.infer<typeof fields>

interface Seen {
  load: Entry
  options: Entry
  /** `module` can be unloaded, `builtin` cannot. */
  loaded: 'no' | 'module' | 'builtin'
}

const stays = (want: Want): boolean => want.state === 'present' && want.persistent

const loadFile = (want: Want): Whole => ({
  path: `/etc/modules-load.d/longshore-${want.name}.conf`,
  text: stays(want) ? `${want.name}\n` : undefined,
  mode: '0644',
})

const optionsFile = (want: Want): Whole => ({
  path: `/etc/modprobe.d/longshore-${want.name}.conf`,
  text: stays(want) && want.params.length > 0 ? `options ${want.name} ${want.params.join(' ')}\n` : undefined,
  mode: '0644',
})

function loadChange(want: Want, { loaded }: Seen): Change[] {
  if (want.use === 'boot') return []
  if (want.state === 'present') return loaded === 'no' ? [{ what: 'module', from: 'not loaded', to: 'loaded' }] : []
  return loaded === 'module' ? [{ what: 'module', from: 'loaded', to: 'not loaded' }] : []
}

const named = (changes: Change[], what: string): Change[] =>
  changes.map(change => ({
    ...change,
    what: change.what === 'content' || change.what === 'file' ? what : `${what} ${change.what}`,
  }))

/** The kernel knows a module by its name with underscores. */
const kernelName = ({ name }: Want): string => name.replaceAll('-', '_')

/** A kernel module. */
export const modprobe = resource<Want, Seen>({
  kind: 'modprobe',
  schema,
  summary: 'A kernel module that is loaded, now and at each boot.',
  example: `- name: Layers for container images
  modprobe: overlay
- name: A module with parameters, from the next boot on
  modprobe: { name: nf_conntrack, params: { hashsize: 65536 }, use: boot }
`,
  name: want => `kernel module ${want.name}`,
  probe: want => sh`${look}
look ${loadFile(want).path} sum
look ${optionsFile(want).path} sum
name=${kernelName(want)}
if grep -qs "^$name " /proc/modules; then echo loaded=module
elif [ -d "/sys/module/$name" ] || sed 's/-/_/g' "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null | grep -q "/$name\.ko"; then echo loaded=builtin
else echo loaded=no; fi`,
  read(out, want) {
    const [load, options] = readEntries(out)
    const loaded = /^loaded=(module|builtin|no)$/m.exec(out)?.[1]
    if (load === undefined || options === undefined || loaded === undefined)
      throw new UserError('the host did not say whether the module is loaded', { output: out.slice(-500) })
    mustBeFile(loadFile(want).path, load)
    mustBeFile(optionsFile(want).path, options)
    return { load, options, loaded: loaded === 'module' || loaded === 'builtin' ? loaded : 'no' }
  },
  diff: (want, seen) => [
    ...loadChange(want, seen),
    ...named(wholeChanges(loadFile(want), seen.load), 'modules-load.d'),
    ...named(wholeChanges(optionsFile(want), seen.options), 'modprobe.d'),
  ],
  verb: want => (want.state === 'absent' ? 'unload' : want.use === 'boot' ? 'set' : 'load'),
  apply(want, seen) {
    const { name, params } = want
    const words = want.state === 'absent' ? ['-r', name] : [name, ...params]
    const act = sh`(PATH=$PATH:/sbin:/usr/sbin
command -v modprobe >/dev/null || { echo 'modprobe is not on this host: install the package kmod' >&2; exit 1; }
modprobe ${words} || { echo ${
      want.state === 'absent'
        ? `${name} cannot be unloaded: it is in use, or this host may not (a container)`
        : `${name} cannot be loaded: the running kernel has no such module, or this host may not (a container). With use: boot only the files are written`
    } >&2; exit 1; })`
    const folders = sh`mkdir -p /etc/modules-load.d /etc/modprobe.d`
    const files = [...wholeScripts(loadFile(want), seen.load), ...wholeScripts(optionsFile(want), seen.options)]
    return [...(files.length === 0 ? [] : [folders, ...files]), ...(loadChange(want, seen).length === 0 ? [] : [act])]
  },
  touches: want => [`file:${loadFile(want).path}`, `file:${optionsFile(want).path}`],
})
