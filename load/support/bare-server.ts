/** The yardstick of row 1: Bun alone, answering a constant of BODY_BYTES bytes as JSON. */
const body = `{"items":"${'x'.repeat(Number(process.env.BODY_BYTES ?? 10_000) - 12)}"}`
Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  fetch: () => new Response(body, { headers: { 'Content-Type': 'application/json' } }),
})
