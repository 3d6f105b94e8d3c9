import { join } from 'node:path'
import { Glob } from 'bun'
import { PROJECT_DIR } from './processes'

export type K6Report = Readonly<{
  requests: number
  requestsPerSecond: number
  /** Requests by the `call` tag of the script, as far as its thresholds name them: p95 in milliseconds. */
  p95Ms: Readonly<Record<string, number>>
  checksPassed: number
  /** Seconds of processor time that k6 itself took. */
  cpuSeconds: number
}>

type Metric = { values: Record<string, number> }

/**
 * Runs a script of load/ with the k6 that `make load` builds.
 *
 * @param env what the script reads from `__ENV`
 * @throws when k6 is not there, or the script fails (a broken threshold is no failure here)
 */
export async function runK6(
  script: string,
  env: Readonly<Record<string, string>>,
  summaryDir: string,
): Promise<K6Report> {
  const [k6] = [...new Glob('.tools/load/k6-*').scanSync({ cwd: PROJECT_DIR, dot: true })].sort().reverse()
  if (k6 === undefined) throw new Error('k6 is needed: `make load` builds it')
  const child = Bun.spawn(
    [
      join(PROJECT_DIR, k6),
      'run',
      '--quiet',
      '--no-usage-report',
      ...Object.entries({ ...env, SUMMARY_DIR: summaryDir }).flatMap(([name, value]) => [
        '-e',
        `${name}=${value}`,
      ]),
      `load/${script}.js`,
    ],
    {
      cwd: PROJECT_DIR,
      // It shares the processors with what it measures: its collector may take fewer turns at them.
      env: { ...process.env, GOGC: '400' },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [said, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  const code = await child.exited
  const BROKEN_THRESHOLD = 99
  if (code !== 0 && code !== BROKEN_THRESHOLD) throw new Error(`k6 ended with ${code}: ${said}${complaints}`)
  const { metrics } = (await Bun.file(join(summaryDir, `k6-${script}.json`)).json()) as {
    metrics: Record<string, Metric>
  }
  const calls = Object.entries(metrics).flatMap(([name, { values }]) => {
    const call = /^http_req_duration\{call:(\w+)\}$/.exec(name)?.[1]
    return call === undefined ? [] : [[call, values['p(95)'] ?? Number.NaN] as const]
  })
  const usage = child.resourceUsage()
  return {
    requests: metrics.http_reqs?.values.count ?? 0,
    requestsPerSecond: metrics.http_reqs?.values.rate ?? 0,
    p95Ms: Object.fromEntries(calls),
    checksPassed: metrics.checks?.values.rate ?? 0,
    cpuSeconds: Number(usage?.cpuTime.total ?? 0) / 1e6,
  }
}
