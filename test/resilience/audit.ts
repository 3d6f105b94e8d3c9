/** `bun audit`, with a clear word where the registry offers no advisories; under GitHub Actions that is a failure. */

const audit = Bun.spawnSync([process.execPath, 'audit'], { stdout: 'pipe', stderr: 'pipe' })
const said = `${audit.stdout}${audit.stderr}`.trim()
const isUnanswered = /advisories\/bulk - \d+|ConnectionRefused|FailedToOpenSocket/.test(said)
if (isUnanswered && process.env.GITHUB_ACTIONS !== 'true') {
  console.log('advisories: the registry used here does not serve them; the pipeline asks one that does')
  process.exit(0)
}
console.log(said)
process.exit(audit.exitCode)
