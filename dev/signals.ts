/** The ways in which a person or a supervisor asks a command of `dev/` to end. */

import { isatty } from 'node:tty'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const CHECK_MS = 500

/**
 * Calls `onEnd` once: on Ctrl-C, SIGTERM, when the terminal closes, and when the `make` that runs us is gone.
 * While it has not been called, nothing else reacts to these signals.
 */
export function onAskedToEnd(onEnd: (why: string) => void): void {
  let asked = false
  const ask = (why: string) => {
    if (asked) return
    asked = true
    onEnd(why)
  }
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  const parent = process.env.MAKELEVEL ? process.ppid : null
  const terminals = [0, 1].filter((descriptor) => isatty(descriptor))
  const timer = setInterval(() => {
    // A make that is killed the hard way tells nobody.
    if (parent !== null && process.ppid !== parent) ask('make ended')
    // A make that leads its session (ssh -t, docker exec -it) gets the terminal's SIGHUP and keeps it to itself.
    if (!terminals.every((descriptor) => isatty(descriptor))) ask('the terminal was closed')
  }, CHECK_MS)
  timer.unref()
}
