import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { type Stack, startStack } from '../../dev/stack.ts'
import { WIDE_LIMITS } from '../../dev/wide-limits.ts'
import { systemClock } from '../../src/kernel/clock'
import { migrateDatabase } from '../../src/platform/database/migrate'
import { createTokens } from '../../src/platform/tokens'
import { type ApiProcess, startProcess } from './processes'

/** The stack of one bench run: stores of its own, databases by name, processes of the service on free ports. */
export type Bench = Readonly<{
  redisUrl: string
  databaseUrl(name: string): string
  /** One connection that may do anything; closed with the bench. */
  sql(database: string): postgres.Sql
  /** Makes an empty, migrated database, or a copy of another one. */
  createDatabase(name: string, template?: string): Promise<void>
  hasDatabase(name: string): Promise<boolean>
  dropDatabase(name: string): Promise<void>
  /** Redis as new. */
  flushRedis(): Promise<void>
  startApi(database: string, env?: Record<string, string>): Promise<ApiProcess>
  env(database: string, extra?: Record<string, string>): Record<string, string>
  tokenOf(userId: string): string
  tempDir: string
  log(line: string): void
}>

const JWT_SECRET = 'bench-bench-bench-bench-bench-bench'

/** Brings the stack up, does the work, and ends everything it started, whatever happened. */
export async function withBench<T>(work: (bench: Bench) => Promise<T>): Promise<T> {
  const log = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`)
  const stack = await startStack({ dataDir: null, log })
  const tempDir = mkdtempSync(join(tmpdir(), 'stories-bench-'))
  const processes: ApiProcess[] = []
  const pools = new Map<string, postgres.Sql>()
  try {
    return await work(benchOf(stack, tempDir, processes, pools, log))
  } finally {
    await Promise.all(processes.map((process) => process.stop()))
    await Promise.all([...pools.values()].map((pool) => pool.end({ timeout: 1 })))
    await stack.stop()
    rmSync(tempDir, { recursive: true, force: true })
  }
}

function benchOf(
  stack: Stack,
  tempDir: string,
  processes: ApiProcess[],
  pools: Map<string, postgres.Sql>,
  log: (line: string) => void,
): Bench {
  const databaseUrl = (name: string) => {
    const url = new URL(stack.databaseUrl)
    url.pathname = `/${name}`
    return url.toString()
  }
  const sql = (database: string): postgres.Sql => {
    const known = pools.get(database)
    if (known !== undefined) return known
    const pool = postgres(databaseUrl(database), { max: 1, onnotice: () => undefined, idle_timeout: 2 })
    pools.set(database, pool)
    return pool
  }
  const env = (database: string, extra: Record<string, string> = {}) => ({
    PATH: process.env.PATH ?? '',
    ...stack.env(),
    DATABASE_URL: databaseUrl(database),
    JWT_SECRET,
    ACCESS_TOKEN_TTL_SECONDS: '86400',
    HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0',
    ...WIDE_LIMITS,
    ...extra,
  })
  const tokens = createTokens({
    secret: JWT_SECRET,
    secretPrevious: null,
    ttlSeconds: 86_400,
    clock: systemClock,
  })
  const admin = sql('postgres')
  const hasDatabase = async (name: string) =>
    (await admin`select 1 from pg_database where datname = ${name}`).length > 0
  return {
    redisUrl: stack.redisUrl,
    databaseUrl,
    sql,
    env,
    tempDir,
    log,
    hasDatabase,
    async createDatabase(name, template) {
      if (template === undefined) {
        await admin`create database ${admin(name)}`
        await migrateDatabase(databaseUrl(name))
        return
      }
      await pools.get(template)?.end({ timeout: 1 })
      pools.delete(template)
      // Copied as files: by way of the log a gigabyte takes half a minute.
      await admin`create database ${admin(name)} template ${admin(template)} strategy file_copy`
    },
    async dropDatabase(name) {
      await pools.get(name)?.end({ timeout: 1 })
      pools.delete(name)
      await admin`drop database if exists ${admin(name)} with (force)`
    },
    async flushRedis() {
      const redis = new Bun.RedisClient(stack.redisUrl)
      await redis.send('FLUSHALL', [])
      redis.close()
    },
    async startApi(database, extra) {
      const api = await startProcess({
        command: [process.execPath, '--no-env-file', 'src/server.ts'],
        env: env(database, extra),
        logFile: join(tempDir, `api-${processes.length}.log`),
      })
      processes.push(api)
      return api
    },
    tokenOf: (userId) => tokens.sign(userId),
  }
}
