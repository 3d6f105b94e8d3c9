/** `bun test/walkthrough/end-story.ts ID`: makes a story due now, so that a sweep has something to end. */
import postgres from 'postgres'

const [storyId = ''] = process.argv.slice(2)
const databaseUrl = process.env.DATABASE_URL
if (!databaseUrl) throw new Error('DATABASE_URL says where the story is')
const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
const ended = await sql`update stories set expires_at = now() - interval '1 second' where id = ${storyId}`
await sql.end()
if (ended.count !== 1) throw new Error(`there is no story ${storyId}`)
