/** Who is asking: the user of a verified access token. */
export type Role = 'user' | 'admin'
export type Viewer = Readonly<{ id: string; role: Role; tokenExpiresAt: Date }>
