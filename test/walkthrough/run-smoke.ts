/** `make smoke`: asks a deployed service what can be asked without an account, so that nothing is left behind there. */
export {}

type Check = Readonly<{ name: string; path: string; status: number; holds?: (body: string) => boolean }>

const CHECKS: readonly Check[] = [
  { name: 'the process lives', path: '/livez', status: 200 },
  { name: 'it is ready for requests', path: '/readyz', status: 200 },
  {
    name: 'database, Redis and storage answer',
    path: '/healthz',
    status: 200,
    holds: (body) => !body.includes('"error"'),
  },
  { name: 'the client is served', path: '/', status: 200, holds: (body) => body.includes('<html') },
  {
    name: 'the documentation is served',
    path: '/docs/json',
    status: 200,
    holds: (body) => body.includes('/stories'),
  },
  {
    name: 'a stranger gets no feed',
    path: '/feed',
    status: 401,
    holds: (body) => body.includes('"unauthenticated"'),
  },
  {
    name: 'an unknown path is a problem document',
    path: '/no-such-path',
    status: 404,
    holds: (body) => body.includes('"not_found"'),
  },
  ...(process.env.METRICS_PUBLIC
    ? []
    : [{ name: 'the metrics are not public', path: '/metrics', status: 401 }]),
]

/** @returns what is wrong, or null */
async function findFault(baseUrl: string, check: Check): Promise<string | null> {
  try {
    const answer = await fetch(new URL(check.path, baseUrl), { signal: AbortSignal.timeout(10_000) })
    const body = await answer.text()
    if (answer.status !== check.status) return `answered ${answer.status}, not ${check.status}`
    return check.holds && !check.holds(body) ? `unexpected body: ${body.slice(0, 200)}` : null
  } catch (error) {
    return String(error)
  }
}

const baseUrl = process.env.BASE_URL
if (!baseUrl) throw new Error('BASE_URL says which service is asked')
let failed = 0
for (const check of CHECKS) {
  const fault = await findFault(baseUrl, check)
  if (fault !== null) failed += 1
  console.log(`${fault === null ? 'ok  ' : 'FAIL'} ${check.name}${fault === null ? '' : `: ${fault}`}`)
}
console.log(`${CHECKS.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
