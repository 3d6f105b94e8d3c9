/** Ports on this machine: which are free, and taking one for a child without losing a race for it. */

import { createServer } from 'node:net'

const LOOPBACK = '127.0.0.1'

/** Tells whether `port` can be listened on at `host` right now. */
function isPortFree(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    // An address that this machine does not have is nobody's.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(!['EADDRINUSE', 'EACCES'].includes(error.code ?? '')),
    )
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

/** Tells whether a server on `port` would be the one that `localhost` means, by either of its addresses. */
export async function isLocalhostPortFree(port: number): Promise<boolean> {
  const hosts = [LOOPBACK, '::1', '0.0.0.0', '::']
  for (const host of hosts) if (!(await isPortFree(port, host))) return false
  return true
}

/** The first free port from `preferred` upwards; after `triesMax` busy ones any port the system gives. */
export async function nextFreePort(preferred: number, triesMax = 20): Promise<number> {
  for (let port = preferred; port < preferred + triesMax; port += 1) {
    if (await isLocalhostPortFree(port)) return port
  }
  return anyFreePort()
}

/** A port that nothing listens on, chosen by the system. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ port: 0, host: LOOPBACK }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/**
 * Runs `start` with a free port, and again with another one when it fails: between the look and the
 * start somebody else may have taken the port.
 *
 * @throws the error of the last try
 */
export async function startOnFreePort<T>(
  preferred: number | null,
  start: (port: number) => Promise<T>,
  triesMax = 3,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = preferred !== null && attempt === 1 ? await nextFreePort(preferred) : await anyFreePort()
    try {
      return await start(port)
    } catch (error) {
      if (attempt >= triesMax || (await isPortFree(port))) throw error
    }
  }
}
