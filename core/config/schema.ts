// The shape of `longshore.yaml`, with the words that explain it: checks the file and documents it.

import { containerHostWords } from '../container-hosts/words.js'
import { frontDoorSchema } from '../containers/schema/front-door.js'
import { engineHostWords } from '../engine-alone/words.js'
import { isReserved, typeNames } from '../language/names.js'
import { machineHostWords } from '../machines/words.js'
import { type Schema, z } from '../schema.js'
import { engineSchema } from './engine.js'
import { secretUse } from './secret-use.js'

const anything = z.record(z.string(), z.unknown())

/** A variable's or a register's name. */
const nameRule = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The name of a variable or a register. */
export const nameSchema = z
  .string()
  .regex(nameRule, 'must be a name of letters, digits and `_` that does not start with a digit')
  .refine(name => !isReserved(name), 'is a word of the template language; take another name')

/** The name of a register: conditions must be able to say it. */
export const registerSchema = nameSchema.refine(
  name => !typeNames.has(name),
  'is a type in conditions; take another name',
)

export const varsSchema = z
  .record(nameSchema, z.unknown())
  .describe(
    'Variables for templates and conditions. Maps merge by key; the order is project, groups, host, play, role or include, task, --var.',
  )

const labelValue = z.union([z.string(), z.number(), z.boolean()])

/** Hosts, as text or as a list of texts. */
export const selectorSchema = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .describe(
    'Which hosts: names, groups, labels (role=web, role!=web), globs (web*), all, and !x to leave out; comma separated or a list.',
  )

const becomeSchema = z
  .union([
    z.literal('sudo'),
    z.strictObject({
      method: z.enum(['sudo']).describe('How to become another user.').optional(),
      user: z.string().min(1).describe('Whom to become. Default root.').optional(),
      password: secretUse.describe('Password that sudo asks for.').optional(),
    }),
  ])
  .describe('How to become root. Left out: `sudo -n` where it works.')

const hostSchema = z
  .strictObject({
    address: z
      .string()
      .min(1)
      .describe("Name or address to connect to, or an alias of ~/.ssh/config. Default: the host's name.")
      .optional(),
    user: z.string().min(1).describe('Login name.').optional(),
    port: z.int().min(1).max(65535).describe('SSH port.').optional(),
    identity: z.string().min(1).describe('Path of the private key; `~` is your home folder.').optional(),
    passphrase: secretUse.describe("The private key's passphrase.").optional(),
    password: secretUse.describe('Password for the login.').optional(),
    jump: z.string().min(1).describe('A host of this file, or an SSH destination, to go through.').optional(),
    private: z
      .string()
      .min(1)
      .describe('How other hosts reach this one. Default: the source address of its default route.')
      .optional(),
    become: becomeSchema.optional(),
    host_key: z
      .string()
      .min(1)
      .describe('The only host key accepted, as in known_hosts ("ssh-ed25519 AAAA…").')
      .optional(),
    labels: z
      .record(z.string().min(1), labelValue)
      .describe('Labels that selectors can ask for (role=web).')
      .optional(),
    vars: varsSchema.optional(),
    engine: engineSchema.describe("What this host's engine has otherwise than the project's.").optional(),
    connection: z
      .enum(['ssh', 'local', 'engine', 'container'])
      .describe(
        'How to reach it: ssh (default), local for this machine, engine (by `url`, for containers alone), or container (tasks are done in it).',
      )
      .optional(),
    ...engineHostWords,
    ...containerHostWords,
    ...machineHostWords,
  })
  .describe('One host.')

const groupSchema = z
  .strictObject({
    hosts: selectorSchema,
    vars: varsSchema.optional(),
    engine: engineSchema.describe("What their engines have otherwise than the project's.").optional(),
  })
  .describe('Hosts with something in common.')

const playbookEntry = z
  .union([
    z.string().min(1),
    z.strictObject({
      play: z.string().min(1).describe('Path of the playbook.'),
      on: selectorSchema.optional(),
      stage: z
        .enum(['before-engine', 'after-engine', 'after-containers'])
        .describe('When it runs. Default before-engine.')
        .optional(),
    }),
  ])
  .describe('A playbook: its path, or with where and when it runs.')

const secretSchema = z
  .union([
    z.strictObject({ env: z.string().min(1).describe('Name of an environment variable.') }),
    z.strictObject({ file: z.string().min(1).describe('Path of a file; one newline at its end is left out.') }),
    z.strictObject({ command: z.array(z.string()).min(1).describe('Command that prints it, run on this machine.') }),
  ])
  .describe('Where a secret comes from.')

const composeEntry = z
  .union([
    z.string().min(1),
    z.strictObject({
      file: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .describe('Path of the Compose file, or of several that are laid over each other.'),
      on: selectorSchema.optional(),
      profiles: z.array(z.string().min(1)).describe('Active profiles, besides those of COMPOSE_PROFILES.').optional(),
    }),
  ])
  .describe('A Compose file: its path, or with where its services run and which profiles are active.')

const names = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    'a name has letters, digits, `_`, `.` and `-`, and starts with a letter or digit',
  )

/** Schemas of the entries that other parts of the program own. */
export interface SchemaParts {
  service: Schema<unknown>
  image: Schema<unknown>
  network: Schema<unknown>
  volume: Schema<unknown>
}

/** The schema of the whole file; without parts, the entries of images, containers, networks and volumes are taken as they are. */
export const fileSchema = (parts?: SchemaParts) =>
  z
    .strictObject({
      project: z
        .string()
        .regex(
          /^[a-z0-9][a-z0-9_-]*$/,
          'must start with a lower-case letter or digit, and go on with lower-case letters, digits, `_` and `-`',
        )
        .refine(name => name !== 'key', 'is what our key is called on the hosts; take another name')
        .describe('Name of the project; containers, networks and volumes are named after it.'),
      vars: varsSchema.optional(),
      hosts: z.record(names, hostSchema.nullable()).describe('The hosts, by name. Left out: this machine.').optional(),
      groups: z.record(names, groupSchema).describe('Groups of hosts, by name.').optional(),
      engine: engineSchema.optional(),
      playbooks: z.array(playbookEntry).describe('Playbooks, in the order in which they run.').optional(),
      secrets: z.record(names, secretSchema).describe('Secrets, by name, and where each is fetched.').optional(),
      images: z
        .record(z.string().min(1), parts?.image ?? z.unknown())
        .describe('Images that containers need, beyond what they say themselves.')
        .optional(),
      containers: z
        .record(names, parts?.service ?? z.looseObject({ on: selectorSchema.optional() }))
        .describe('Containers, by service name: a Compose service each, plus `on`.')
        .optional(),
      compose: z
        .array(composeEntry)
        .describe('Compose files as they are; a service says where it runs under `x-longshore: { on: … }`.')
        .optional(),
      front_door: frontDoorSchema.optional(),
      networks: z
        .record(names, parts?.network ?? anything.nullable())
        .nullable()
        .describe('Networks, as in Compose.')
        .optional(),
      volumes: z
        .record(names, parts?.volume ?? anything.nullable())
        .nullable()
        .describe('Volumes, as in Compose.')
        .optional(),
    })
    .describe('A Longshore project.')

/** The file's shape as JSON Schema, for editors. */
export function jsonSchema(parts: SchemaParts): object {
  const schema = z.toJSONSchema(fileSchema(parts), { io: 'input', unrepresentable: 'any' })
  return { title: 'longshore.yaml', ...schema, patternProperties: { '^x-': {} } }
}

/** The shape of a kind of task as JSON Schema: what its YAML may hold. */
export const kindSchema = (schema: Schema<unknown>): object =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

/** The file as the schema gives it. */
export type ProjectFile = z.infer<ReturnType<typeof fileSchema>>
export type HostEntry = z.infer<typeof hostSchema>
