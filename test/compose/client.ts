export type Session = Readonly<{ token: string; userId: string }>

/** Calls of one person through the published door, each with an end. */
export function createClient(baseUrl: string) {
  const call = (path: string, init: RequestInit = {}, token = ''): Promise<Response> =>
    fetch(new URL(path, baseUrl), {
      ...init,
      headers: {
        ...(init.body ? { 'Content-Type': 'application/json' } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      signal: AbortSignal.timeout(10_000),
    })

  return {
    call,
    async signUp(name: string): Promise<Session> {
      const email = `${name}.${Date.now()}${Math.floor(Math.random() * 1e6)}@example.com`
      const body = JSON.stringify({ email, password: 'a long password' })
      const answer = await call('/auth/signup', { method: 'POST', body })
      if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status}: ${await answer.text()}`)
      const session = (await answer.json()) as { access_token: string; user: { id: string } }
      return { token: session.access_token, userId: session.user.id }
    },
  }
}

export type Client = ReturnType<typeof createClient>
