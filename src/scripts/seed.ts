import { parseConfig } from '../config'
import { type AppContext, createContext } from '../context'
import { signUp } from '../features/accounts/sign-up'
import { follow } from '../features/graph/follow'
import { presignUpload } from '../features/media/presign-upload'
import { react } from '../features/reactions/react'
import { createStory } from '../features/stories/create-story'
import { viewStory } from '../features/stories/view-story'
import type { Viewer } from '../kernel/viewer'
import { version } from '../version'
import { drawPicture } from './draw-picture'
import { CAST, type CastName, emailOf, FOLLOWS, SEED_PASSWORD, type SeedStory, STORIES } from './seed-cast'

/**
 * Makes the demo cast with follows, stories of each visibility, pictures, views and reactions, by the same operations
 * that requests use. Run again it adds only what is missing; stories that ended come back.
 */

const REQUEST_ID = 'seed'

async function ensurePerson(ctx: AppContext, name: CastName): Promise<Viewer> {
  const email = emailOf(name)
  const known = await ctx.stores.accounts.findUserByEmail(email)
  if (known === null) await signUp(ctx, { email, password: SEED_PASSWORD, handle: name }, REQUEST_ID)
  const user = known ?? (await ctx.stores.accounts.findUserByEmail(email))
  if (user === null) throw new Error(`${name} could not be made`)
  return { id: user.id, role: user.role, tokenExpiresAt: new Date(ctx.clock.nowMs() + 60_000) }
}

let withoutPicture = 0

/** The key of an uploaded picture, or null when the store cannot be reached under its public address from here. */
async function uploadPicture(ctx: AppContext, viewer: Viewer, story: SeedStory): Promise<string | null> {
  if (story.picture === undefined) return null
  const bytes = drawPicture(...story.picture)
  const answer = await presignUpload(
    ctx,
    viewer,
    { content_type: 'image/png', size: bytes.byteLength },
    REQUEST_ID,
  )
  const { url, headers, method } = answer.upload
  const stored = await fetch(url, { method, headers, body: bytes }).catch(() => null)
  if (stored?.ok === true) return answer.media_key
  withoutPicture++
  return null
}

/** The story's id, and whether it is new. */
async function ensureStory(
  ctx: AppContext,
  people: ReadonlyMap<CastName, Viewer>,
  story: SeedStory,
): Promise<{ id: string; isNew: boolean }> {
  const author = viewerOf(people, story.author)
  const own = await ctx.stores.stories.listOwn(author.id, null, ctx.clock.now(), 100)
  const same = own.find((row) => row.text === story.text)
  if (same !== undefined) return { id: same.id, isNew: false }
  const input = {
    text: story.text,
    media_key: await uploadPicture(ctx, author, story),
    visibility: story.visibility,
    audience_user_ids: story.audience?.map((name) => viewerOf(people, name).id),
  }
  const answer = await createStory(ctx, author, input, null, REQUEST_ID)
  return { id: (JSON.parse(answer.body) as { id: string }).id, isNew: true }
}

function viewerOf(people: ReadonlyMap<CastName, Viewer>, name: CastName): Viewer {
  const viewer = people.get(name)
  if (viewer === undefined) throw new Error(`${name} is not in the cast`)
  return viewer
}

const ctx = createContext(parseConfig({ ...process.env, LOG_LEVEL: 'warn' }), { service: 'seed', version })
const people = new Map<CastName, Viewer>()
for (const name of CAST) people.set(name, await ensurePerson(ctx, name))
for (const [follower, followee] of FOLLOWS) {
  await follow(ctx, viewerOf(people, follower), viewerOf(people, followee).id, REQUEST_ID)
}
let added = 0
for (const story of STORIES) {
  const { id, isNew } = await ensureStory(ctx, people, story)
  if (!isNew) continue
  added++
  for (const name of story.viewedBy ?? []) await viewStory(ctx, viewerOf(people, name), id, REQUEST_ID)
  for (const name of CAST) {
    const emoji = story.reactions?.[name]
    if (emoji !== undefined) await react(ctx, viewerOf(people, name), id, emoji, REQUEST_ID)
  }
}
console.log(
  `${people.size} people (${CAST.map(emailOf).join(', ')}), ${added} of ${STORIES.length} stories added`,
)
if (withoutPicture > 0) {
  const { publicEndpoint } = ctx.config.s3
  console.log(
    `${withoutPicture} of them without their picture, as ${publicEndpoint} did not take it from here`,
  )
}
await ctx.close()
process.exit(0)
