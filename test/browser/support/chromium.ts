/** Chromium as Debian ships it, driven by playwright-core. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** @throws Error that says what to install when there is none */
export function findChromium(): string {
  const found = [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path && existsSync(path))
  if (!found) throw new Error('Chromium is missing: `apt-get install chromium`, or name it in CHROMIUM_PATH')
  return found
}

/** Starts a headless browser; the caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'],
  })
}
