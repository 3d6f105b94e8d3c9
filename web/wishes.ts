/** Toggles that a person presses faster than the service answers: one call at a time, and the last wish wins. */
import type { Client } from './client.ts'

/** What the service last said, and why the last wish was not granted. */
export type Outcome<Value> = { said: Value; error: unknown }

/** Wishes of one kind; calls of one person about the same thing wait for each other. */
export function createWishes<Value>() {
  const clients = new WeakMap<Client, Map<string, { wanted: Value }>>()

  /**
   * Sends a wish, and after it the last one that came meanwhile.
   *
   * @param said what the service last said
   * @returns how it ended; null when a call under way takes the wish along, or somebody else is signed in by now
   */
  return async function fulfil(
    client: Client,
    id: string,
    said: Value,
    wanted: Value,
    send: (wanted: Value) => Promise<unknown>,
  ): Promise<Outcome<Value> | null> {
    const userId = client.store.get().user?.id
    const isTheirs = () => client.session.user()?.id === userId
    if (!isTheirs()) return null
    const running = clients.get(client) ?? new Map<string, { wanted: Value }>()
    clients.set(client, running)
    const key = `${userId} ${id}`
    const other = running.get(key)
    if (other) {
      other.wanted = wanted
      return null
    }
    const mine = { wanted }
    running.set(key, mine)
    let outcome: Outcome<Value> = { said, error: null }
    let sent: Value
    do {
      sent = mine.wanted
      outcome = await attempt(outcome.said, sent, send)
    } while (mine.wanted !== sent && isTheirs())
    running.delete(key)
    return isTheirs() ? outcome : null
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
