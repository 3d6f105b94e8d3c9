/** `make screenshots`: takes the pictures of `docs/images` from the real service with the demo cast. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../../dev/data-folder.ts'
import { runScript } from '../../../dev/scripts.ts'
import { startStack } from '../../../dev/stack.ts'
import { launchChromium } from '../support/chromium.ts'
import { serviceVariables, startService } from '../support/service.ts'
import { filmSideBySide } from './film.ts'
import { takePictures } from './pictures.ts'

const IMAGES_DIR = join(PROJECT_DIR, 'docs/images')

mkdirSync(IMAGES_DIR, { recursive: true })
const stack = await startStack({ dataDir: null, log: (line) => console.log(line) })
try {
  Object.assign(process.env, stack.env())
  const env = serviceVariables(process.env)
  await runScript('src/scripts/migrate.ts', env)
  await runScript('src/scripts/seed.ts', env)
  const service = await startService({ FEED_CACHE_SECONDS: '0' })
  const browser = await launchChromium()
  try {
    await takePictures(browser, service.url, IMAGES_DIR)
    await filmSideBySide(browser, service.url, IMAGES_DIR)
  } finally {
    await browser.close()
    await service.stop()
  }
} finally {
  await stack.stop()
}
console.log(`pictures are in ${IMAGES_DIR.replace(`${PROJECT_DIR}/`, '')}`)
