import type { Config } from './config'
import { createAccountStore } from './features/accounts/store'
import { createEventStore } from './features/events/store'
import { createExpiryStore } from './features/expiry/store'
import { createFeedStore } from './features/feed/store'
import { createGraphStore } from './features/graph/store'
import { createHealthStore } from './features/health/store'
import { createHousekeepingStore } from './features/housekeeping/store'
import { createIdempotencyStore } from './features/idempotency/store'
import { createMediaStore } from './features/media/store'
import { createPeopleStore } from './features/people/store'
import { createReactionStore } from './features/reactions/store'
import { createSearchStore } from './features/search/store'
import { createStatsStore } from './features/stats/store'
import { createStoryStore } from './features/stories/store'
import type { Db } from './platform/database/client'

/** Every feature's SQL, put together. */

type Rules = Pick<Config, 'friendsRule'>

export type Stores = ReturnType<typeof createStores>
export type ReadStores = ReturnType<typeof createReadStores>

/** What a replica may be asked, and nothing else. */
export const createReadStores = (db: Db, rules: Rules) => ({
  search: createSearchStore(db, rules.friendsRule),
  stats: createStatsStore(db),
})

/** All stores, bound to the pool or to a transaction. */
export const createStores = (db: Db, rules: Rules) => ({
  accounts: createAccountStore(db),
  graph: createGraphStore(db),
  people: createPeopleStore(db),
  media: createMediaStore(db),
  stories: createStoryStore(db, rules.friendsRule),
  reactions: createReactionStore(db, rules.friendsRule),
  idempotency: createIdempotencyStore(db),
  feed: createFeedStore(db, rules.friendsRule),
  ...createReadStores(db, rules),
  events: createEventStore(db),
  expiry: createExpiryStore(db),
  housekeeping: createHousekeepingStore(db),
  health: createHealthStore(db),
})
