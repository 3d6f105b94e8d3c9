import { join } from 'node:path'
import { buildRoutes } from '../app'
import { parseConfig } from '../config'
import { createContext } from '../context'
import { withDocument } from '../http/openapi'
import { version } from '../version'

/** Writes docs/openapi.json from the routes; nothing is connected to, so the values below are never used. */

const unused = {
  DATABASE_URL: 'postgres://unused.invalid/unused',
  REDIS_URL: 'redis://unused.invalid',
  S3_ENDPOINT: 'http://unused.invalid',
  S3_BUCKET: 'unused',
  S3_ACCESS_KEY_ID: 'unused',
  S3_SECRET_ACCESS_KEY: 'unused',
  JWT_SECRET: 'x'.repeat(32),
  LOG_LEVEL: 'silent',
}
const document = await withDocument(
  buildRoutes(createContext(parseConfig(unused), { service: 'openapi', version })),
  version,
)
await Bun.write(join(import.meta.dir, '../../docs/openapi.json'), `${JSON.stringify(document, null, 2)}\n`)
process.exit(0)
