/** The ports that people see: the API's and the worker's. */

import { anyFreePort, isLocalhostPortFree, nextFreePort } from './ports.ts'

export type ServicePorts = Readonly<{ api: number; worker: number }>

const API_PORT = 3000
const WORKER_PORT = 9091

/**
 * A port that was asked for (PORT, WORKER_METRICS_PORT) is taken or nothing; otherwise the usual one or the next free.
 *
 * @throws when a port that was asked for is busy or no port
 */
export async function chooseServicePorts(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServicePorts> {
  const api = await choosePort('PORT', env.PORT, API_PORT)
  const worker = await choosePort('WORKER_METRICS_PORT', env.WORKER_METRICS_PORT, WORKER_PORT)
  return { api, worker }
}

async function choosePort(name: string, given: string | undefined, usual: number): Promise<number> {
  if (!given) return nextFreePort(usual)
  const port = Number(given)
  if (!/^\d+$/.test(given) || port > 65_535) throw new Error(`${name}=${given} is no port`)
  if (port === 0) return anyFreePort()
  if (await isLocalhostPortFree(port)) return port
  throw new Error(
    `${name}=${port} is in use by another program. Stop that one, or give another: make dev ${name}=${port + 1}`,
  )
}
