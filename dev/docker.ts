/** What Docker can do for us here, asked with the command line tool and never for long. */

export const IMAGES = {
  postgres: 'postgres:17-alpine',
  redis: 'redis:7-alpine',
  minio: 'minio/minio:RELEASE.2025-09-07T16-13-09Z',
} as const

export type Piece = keyof typeof IMAGES

const ANSWER_MS = 2_000
const PULL_MS = 120_000

/** Tells whether an engine answers within two seconds. */
export async function dockerAnswers(): Promise<boolean> {
  return (
    Bun.which('docker') !== null &&
    (await docker(['version', '--format', '{{.Server.Version}}'], ANSWER_MS)).ok
  )
}

/** Tells whether the images of these pieces are on this machine already. */
export async function hasImages(pieces: readonly Piece[]): Promise<boolean> {
  const found = await Promise.all(
    pieces.map((piece) => docker(['image', 'inspect', IMAGES[piece]], ANSWER_MS)),
  )
  return found.every(({ ok }) => ok)
}

/**
 * Makes sure the images are here, pulling what is missing for two minutes at most.
 *
 * @returns whether all are here now
 */
export async function getImages(pieces: readonly Piece[], log: (line: string) => void): Promise<boolean> {
  for (const piece of pieces) {
    if (await hasImages([piece])) continue
    log(`pulling ${IMAGES[piece]}`)
    if (!(await docker(['pull', '--quiet', IMAGES[piece]], PULL_MS)).ok) return false
  }
  return true
}

/** Removes containers that carry `label` (name or name=value); used for what a killed run left behind. */
export async function removeContainers(label: string): Promise<void> {
  const { output } = await docker(['ps', '--all', '--quiet', '--filter', `label=${label}`], ANSWER_MS * 5)
  const ids = output.split('\n').filter((id) => id !== '')
  if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids], 30_000)
}

/** Label values of the containers that carry the label `name`. */
export async function listLabelValues(name: string): Promise<string[]> {
  const format = `{{.Label "${name}"}}`
  const { output } = await docker(
    ['ps', '--all', '--filter', `label=${name}`, '--format', format],
    ANSWER_MS * 5,
  )
  return [...new Set(output.split('\n').filter((value) => value !== ''))]
}

/** Removes a named volume; none of that name is fine. */
export async function removeVolume(name: string): Promise<void> {
  await docker(['volume', 'rm', '--force', name], 10_000)
}

async function docker(args: readonly string[], timeoutMs: number): Promise<{ ok: boolean; output: string }> {
  const child = Bun.spawn(['docker', ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const output = await new Response(child.stdout).text()
  return { ok: (await child.exited) === 0, output: output.trim() }
}
