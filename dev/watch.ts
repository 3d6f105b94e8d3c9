/** Tells when source files change; one call for a burst of writes. */

import { type FSWatcher, statSync, watch } from 'node:fs'
import { join } from 'node:path'

const QUIET_MS = 150
const IGNORED = /(^|\/)(dist|node_modules)\/|\.test\.ts$|~$|\.swp$/

/**
 * Watches files and folders (with all below them) of `root`.
 *
 * @param onChange gets the changed paths, relative to `root`, once nothing has changed for a moment
 * @returns stops watching
 */
export function watchSources(
  root: string,
  names: readonly string[],
  onChange: (paths: string[]) => void,
): () => void {
  const changed = new Set<string>()
  let timer: Timer | null = null
  const note = (path: string) => {
    if (IGNORED.test(path)) return
    changed.add(path)
    if (timer) clearTimeout(timer)
    timer = setTimeout(() => {
      const paths = [...changed]
      changed.clear()
      onChange(paths)
    }, QUIET_MS)
  }
  const watchers: FSWatcher[] = []
  for (const name of names) {
    const found = statSync(join(root, name), { throwIfNoEntry: false })
    if (!found) continue
    if (found.isDirectory()) {
      watchers.push(
        watch(join(root, name), { recursive: true }, (_event, file) => note(join(name, String(file)))),
      )
    }
  }
  // A lone file is watched through its folder, as editors replace files rather than write them.
  watchers.push(
    watch(root, (_event, file) => {
      if (names.includes(String(file))) note(String(file))
    }),
  )
  return () => {
    if (timer) clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
