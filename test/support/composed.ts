/** The whole service as it is deployed: two API processes and a worker on one set of stores. */
import { createRemoteApi } from './api'
import { createDatabase, type TestDatabase } from './database'
import { openDoor } from './door'
import { type ServiceProcess, startApi, startWorker } from './processes'
import { serviceEnv, testStack } from './services'

export type Composed = Readonly<{
  database: TestDatabase
  /** The variables under which another process joins. */
  env: Readonly<Record<string, string>>
  apis: readonly [ServiceProcess, ServiceProcess]
  worker: ServiceProcess
  /** Ends what still runs, and drops the database. */
  stop(): Promise<void>
}>

/** @param extra variables that differ from what tests use otherwise */
export async function startComposed(extra: Readonly<Record<string, string>>): Promise<Composed> {
  const stack = await testStack()
  const database = await createDatabase()
  const door = await openDoor(database.url)
  const env = { ...serviceEnv(stack, database.url), ...door.env, ...extra }
  const [first, second, worker] = await Promise.all([startApi(env), startApi(env), startWorker(env)])
  return {
    database,
    env,
    apis: [first, second],
    worker,
    async stop() {
      await Promise.all([first, second, worker].map((process) => process.kill('SIGKILL')))
      await door.close()
      await database.drop()
    },
  }
}

/** Calls of one API process. */
export const apiOf = (process: ServiceProcess) => createRemoteApi(process.url)
