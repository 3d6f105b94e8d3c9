/** Passwords and keys of the development stack: made once, kept in the data folder for its owner alone. */

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Secrets = Readonly<{
  jwtSecret: string
  databasePassword: string
  redisPassword: string
  s3AccessKeyId: string
  s3SecretAccessKey: string
}>

/** Fresh secrets, for a stack that nobody needs tomorrow. */
export function makeSecrets(): Secrets {
  return {
    jwtSecret: randomBytes(32).toString('base64url'),
    databasePassword: randomBytes(18).toString('base64url'),
    redisPassword: randomBytes(18).toString('base64url'),
    s3AccessKeyId: `stories${randomBytes(6).toString('hex')}`,
    s3SecretAccessKey: randomBytes(24).toString('base64url'),
  }
}

/** The secrets of `<dataDir>/secrets.json`, which is made (mode 600) when it is not there. */
export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(makeSecrets(), null, 2), { mode: 0o600 })
  return JSON.parse(readFileSync(file, 'utf8'))
}
