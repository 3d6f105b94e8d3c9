/** Which methods exist for a path: for 405 with `Allow`, and for the route label of logs and metrics. */

export type RouteEntry = Readonly<{ pattern: string; methods: ReadonlySet<string> }>

type Node = {
  literal: Map<string, Node>
  param: Node | null
  entry: { pattern: string; methods: Set<string> } | null
}

const newNode = (): Node => ({ literal: new Map(), param: null, entry: null })

/**
 * @param routes method and pattern (`/stories/:id`) of every route
 * @returns a look-up from a raw path to its entry; a literal segment wins over a parameter
 */
export function createRouteTable(routes: readonly { method: string; path: string }[]) {
  const root = newNode()
  /** Patterns without parameters are their own paths, and are found without taking those apart. */
  const plain = new Map<string, RouteEntry>()
  for (const { method, path } of routes) {
    let node = root
    for (const segment of segmentsOf(path)) {
      if (segment.startsWith(':')) {
        node.param ??= newNode()
        node = node.param
      } else {
        const next = node.literal.get(segment) ?? newNode()
        node.literal.set(segment, next)
        node = next
      }
    }
    node.entry ??= { pattern: path, methods: new Set() }
    node.entry.methods.add(method)
    if (!path.includes(':')) plain.set(path, node.entry)
  }

  const find = (node: Node, segments: readonly string[], depth: number): RouteEntry | null => {
    const segment = segments[depth]
    if (segment === undefined) return node.entry
    const literal = node.literal.get(segment)
    const found = literal === undefined ? null : find(literal, segments, depth + 1)
    if (found !== null || node.param === null || segment === '') return found
    return find(node.param, segments, depth + 1)
  }
  return (path: string): RouteEntry | null => plain.get(path) ?? find(root, segmentsOf(path), 0)
}

const segmentsOf = (path: string): string[] => (path === '/' ? [] : path.slice(1).split('/'))
