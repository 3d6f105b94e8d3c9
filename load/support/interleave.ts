/** Arms of a comparison, asked in turn, so that what disturbs the machine disturbs all of them alike. */
export async function interleave<Arm extends string>(
  arms: Readonly<Record<Arm, (turn: number) => Promise<unknown>>>,
  options: { turns: number; warmUpTurns: number },
): Promise<Record<Arm, number[]>> {
  const names = Object.keys(arms) as Arm[]
  const latenciesMs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Arm, number[]>
  for (let turn = -options.warmUpTurns; turn < options.turns; turn++) {
    // The one that goes first changes, as the first after a pause may be slower.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + Math.abs(turn)) % names.length] as Arm
      const startedMs = performance.now()
      await arms[name](Math.abs(turn))
      if (turn >= 0) latenciesMs[name].push(performance.now() - startedMs)
    }
  }
  return latenciesMs
}

/** A GET that must be answered with 200; the body's bytes are taken. */
export const getter = (token: string) => async (url: string) => {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  const bytes = await answer.arrayBuffer()
  if (answer.status !== 200)
    throw new Error(`${url} answered ${answer.status}: ${Buffer.from(bytes).toString()}`)
  return bytes
}
