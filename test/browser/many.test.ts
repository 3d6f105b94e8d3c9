import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const PEOPLE = 1000
const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const prefix = `m${crypto.randomUUID().slice(0, 6)}_`

async function withSql(run: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(process.env.DATABASE_URL ?? '', { max: 1, onnotice: () => undefined })
  try {
    await run(sql)
  } finally {
    await sql.end()
  }
}

/** People with a public story each, put straight into the database. */
const fillTray = () =>
  withSql(
    (sql) =>
      sql`
      with made as (
        insert into users (email, password_hash, handle)
        select ${prefix} || n || '@example.com', 'none', ${prefix} || n from generate_series(1, ${PEOPLE}) n
        returning id, handle
      )
      insert into stories (id, author_id, text, visibility, created_at, expires_at)
      select gen_random_uuid(), id, 'Hello from ' || handle, 'public', now(), now() + interval '1 hour' from made`,
  )

/** The other tests want a tray that one can look over. */
afterAll(() =>
  withSql(async (sql) => {
    await sql`delete from stories where author_id in (select id from users where handle like ${`${prefix}%`})`
    await sql`delete from users where handle like ${`${prefix}%`}`
  }),
)

beforeAll(fillTray)

describe('a thousand people in the tray', () => {
  test('all of them come as the tray is scrolled, each once', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'crowd'))
    await untilLive(page)
    const rings = page.locator('.tray-list .tray-ring')
    await page.waitForFunction(
      ({ people }) => {
        const tray = document.querySelector('.tray')
        tray?.scrollTo({ left: tray.scrollWidth, behavior: 'instant' })
        return document.querySelectorAll('.tray-list .tray-ring').length >= people
      },
      { people: PEOPLE },
      { timeout: 60_000 },
    )
    const names = (await rings.allTextContents()).filter((name) => name.includes(prefix))
    expect(names).toHaveLength(PEOPLE)
    expect(new Set(names).size).toBe(PEOPLE)
  })

  test('a ring far along the tray turns grey where it is once its stories are seen', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'far'))
    await untilLive(page)
    const ring = page.locator('.tray-list > li').nth(40)
    await ring.scrollIntoViewIfNeeded()
    const viewed = page.waitForResponse((answer) => answer.url().endsWith('/view'))
    await ring.getByRole('link').click()
    await viewed
    await page.keyboard.press('Escape')
    await ring.locator('.tray-seen').waitFor()
    expect(await page.locator('.tray').evaluate((tray) => tray.scrollLeft)).toBeGreaterThan(0)
  })
})

test('a follower who is followed is shown so, however many others are', async () => {
  const [reader, friend] = await Promise.all([
    makePerson(stage.url(), 'sociable'),
    makePerson(stage.url(), 'friend'),
  ])
  await reader.call('POST', `/follow/${friend.session.user.id}`)
  await friend.call('POST', `/follow/${reader.session.user.id}`)
  await withSql(
    (sql) => sql`
      insert into follows (follower_id, followee_id)
      select ${reader.session.user.id}, id from users where handle like ${`${prefix}%`}`,
  )
  const page = await stage.visit(reader, { path: '/#people' })
  await page.getByRole('button', { name: 'Followers' }).click()
  await page.getByRole('list', { name: 'Followers' }).getByText(friend.handle).first().waitFor()
  await page.getByRole('button', { name: `Following ${friend.handle}` }).waitFor()
})
