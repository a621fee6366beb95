// A Compose file as a tree in which every value knows its place: what interpolation, merging and `extends` work on.

import type { At } from '../errors.js'
import type { Environment } from '../language/interpolate.js'
import { interpolate, type OnUnset } from '../language/interpolate.js'
import type { Raw } from '../raw.js'
import { type Tag, Tagged } from './tagged.js'

export type NodeMap = ReadonlyMap<string, Node>

/** One value of a file. Nodes are never changed: a change makes a new one. */
export interface Node {
  readonly value: string | number | boolean | null | readonly Node[] | NodeMap
  readonly at: At
  /** Where its key stands, if it has one. */
  readonly key?: At
  readonly tag?: Tag
}

/** The children of a map; undefined for all else. */
export const mapOf = (node: Node | undefined): NodeMap | undefined =>
  node?.value instanceof Map ? (node.value as NodeMap) : undefined

/** The items of a list; undefined for all else. */
export const listOf = (node: Node | undefined): readonly Node[] | undefined =>
  Array.isArray(node?.value) ? (node.value as readonly Node[]) : undefined

/** The text of a scalar, numbers and flags as text; undefined for all else. */
export function textOf(node: Node | undefined): string | undefined {
  const value = node?.value
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/** A child by its key. */
export const childOf = (node: Node | undefined, key: string): Node | undefined => mapOf(node)?.get(key)

/** Text, or a list of texts, as its nodes. */
export const itemsOf = (node: Node | undefined): readonly Node[] =>
  node === undefined || node.value === null ? [] : (listOf(node) ?? [node])

/** A node with another value in its place. */
export const withValue = (node: Node, value: Node['value']): Node => ({ ...node, value })

/** A map without a key, or with another value for it. */
export function withChild(node: Node, key: string, child: Node | undefined): Node {
  const map = new Map(mapOf(node))
  if (child === undefined) map.delete(key)
  else map.set(key, child)
  return withValue(node, map)
}

/** Every entry of a map made anew; one made undefined is left out. */
export const mapEntries = (node: Node, change: (child: Node, key: string) => Node | undefined): Node =>
  withValue(
    node,
    new Map(
      [...(mapOf(node) ?? [])].flatMap(([key, child]): [string, Node][] => {
        const changed = change(child, key)
        return changed === undefined ? [] : [[key, changed]]
      }),
    ),
  )

/** A read file as a tree. */
export function nodeOf(raw: Raw): Node {
  const walk = (found: unknown, path: (string | number)[]): Node => {
    const tag = found instanceof Tagged ? found.tag : undefined
    const part = found instanceof Tagged ? found.value : found
    const value = Array.isArray(part)
      ? part.map((item, index) => walk(item, [...path, index]))
      : typeof part === 'object' && part !== null
        ? new Map(Object.entries(part).map(([key, item]) => [key, walk(item, [...path, key])]))
        : (part as string | number | boolean | null)
    const isKeyed = typeof path.at(-1) === 'string'
    return {
      value,
      at: raw.where(path),
      ...(isKeyed ? { key: raw.where(path, 'key') } : {}),
      ...(tag === undefined ? {} : { tag }),
    }
  }
  return walk(raw.value, [])
}

/** The tree with its variables put in; keys stay as they are. */
export function interpolated(node: Node, environment: Environment, onUnset: OnUnset): Node {
  const { value } = node
  if (typeof value === 'string')
    return value.includes('$') ? withValue(node, interpolate(value, environment, node.at, onUnset)) : node
  const list = listOf(node)
  if (list !== undefined)
    return withValue(
      node,
      list.map(item => interpolated(item, environment, onUnset)),
    )
  return mapOf(node) === undefined ? node : mapEntries(node, child => interpolated(child, environment, onUnset))
}

/** Plain data, as the schemas take it. */
export function plainOf(node: Node): unknown {
  const list = listOf(node)
  if (list !== undefined) return list.map(plainOf)
  const map = mapOf(node)
  return map === undefined ? node.value : Object.fromEntries([...map].map(([key, child]) => [key, plainOf(child)]))
}

const stepInto = (node: Node, step: string | number): Node | undefined =>
  mapOf(node)?.get(String(step)) ?? listOf(node)?.[Number(step)]

/** A tree as the rest of the program takes it; `environment` are the variables that stand in it. */
export function rawOf(node: Node, environment: Readonly<Record<string, string>>): Raw {
  const where: Raw['where'] = (path, what = 'value') => {
    let current = node
    for (const step of path) {
      const next = stepInto(current, step)
      if (next === undefined) return current.key ?? current.at
      current = next
    }
    return what === 'key' ? (current.key ?? current.at) : current.at
  }
  return { value: plainOf(node), at: node.at, where, composed: { environment } }
}
