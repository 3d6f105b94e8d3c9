/** Toggles that a person presses faster than the service answers: one call at a time, and the last wish wins. */

/** What the service last said, and why the last wish was not granted. */
export type Outcome<Value> = { said: Value; error: unknown }

/** Wishes of one kind; calls about the same thing of the same owner wait for each other. */
export function createWishes<Value>() {
  const owners = new WeakMap<object, Map<string, { wanted: Value }>>()

  /**
   * Sends a wish, and after it the last one that came meanwhile.
   *
   * @param said what the service last said
   * @returns how it ended; null when a call under way takes the wish along
   */
  return async function fulfil(
    owner: object,
    id: string,
    said: Value,
    wanted: Value,
    send: (wanted: Value) => Promise<unknown>,
  ): Promise<Outcome<Value> | null> {
    const running = owners.get(owner) ?? new Map<string, { wanted: Value }>()
    owners.set(owner, running)
    const other = running.get(id)
    if (other) {
      other.wanted = wanted
      return null
    }
    const mine = { wanted }
    running.set(id, mine)
    let outcome: Outcome<Value> = { said, error: null }
    let sent: Value
    do {
      sent = mine.wanted
      outcome = await attempt(outcome.said, sent, send)
    } while (mine.wanted !== sent)
    running.delete(id)
    return outcome
  }
}

async function attempt<Value>(
  said: Value,
  wanted: Value,
  send: (wanted: Value) => Promise<unknown>,
): Promise<Outcome<Value>> {
  try {
    await send(wanted)
    return { said: wanted, error: null }
  } catch (error) {
    return { said, error }
  }
}
