import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceEnv, testStack } from '../support/services'
import { until } from '../support/until'

/** The supervisor of WEB_CONCURRENCY, with processes that only speak to it. */

const dir = mkdtempSync(join(tmpdir(), 'stories-supervisor-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('metrics are answered for, and the others live on, while a process has died and that is not told yet', async () => {
  const script = join(import.meta.dir, '../support/stand-in-server.ts')
  const supervisor = Bun.spawn([process.execPath, '--no-env-file', script], {
    env: {
      ...serviceEnv(await testStack(), 'postgres://nobody@127.0.0.1:1/nothing'),
      WEB_CONCURRENCY: '2',
      STAND_IN_PLACE: join(dir, 'place'),
    },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let said = ''
  void (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of supervisor.stdout) said += decoder.decode(bytes)
  })()
  try {
    await until('an answer after the channel was closed', () => /closed\n(.*\n)*answered/.test(said))
    expect(supervisor.exitCode).toBeNull()
  } finally {
    supervisor.kill('SIGTERM')
    await supervisor.exited
  }
})
