/** Every package of the lockfile that is installed, by licence; ends with 1 for one that we have not agreed to. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../dev/data-folder.ts'

/** Permissive ones, and those of tools that are never shipped. */
const AGREED =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Python-2\.0|CC0-1\.0|CC-BY-[34]\.0|Unlicense|Zlib|WTFPL|PostgreSQL|MPL-2\.0|Artistic-2\.0)$/

const byLicence = new Map<string, string[]>()
const withScripts: string[] = []

function visit(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    if (name.startsWith('@')) visit(path)
    else if (existsSync(join(path, 'package.json'))) note(path)
  }
}

function note(path: string): void {
  const {
    name,
    version,
    license,
    licenses,
    scripts = {},
  } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const licence = typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type ?? 'unknown')
  byLicence.set(licence, [...(byLicence.get(licence) ?? []), `${name}@${version}`])
  if (['preinstall', 'install', 'postinstall'].some((script) => script in scripts))
    withScripts.push(String(name))
  visit(join(path, 'node_modules'))
}

visit(join(PROJECT_DIR, 'node_modules'))
for (const [licence, names] of [...byLicence].sort((a, b) => b[1].length - a[1].length)) {
  console.log(
    `${String(names.length).padStart(4)}  ${licence}${names.length <= 5 ? `  (${names.join(', ')})` : ''}`,
  )
}
const { trustedDependencies: trusted = [] } = JSON.parse(
  readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8'),
)
console.log(`with install scripts: ${[...new Set(withScripts)].join(', ') || 'none'}`)
console.log(`trusted by name in package.json: ${trusted.join(', ') || 'none, so none of them ran'}`)

const isAgreed = (licence: string) =>
  licence
    .replaceAll(/[()]/g, '')
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((part) => AGREED.test(part.trim())))
const unknown = [...byLicence].filter(([licence]) => !isAgreed(licence))
for (const [licence, names] of unknown) console.error(`not agreed to: ${licence} (${names.join(', ')})`)
process.exit(unknown.length > 0 ? 1 : 0)
