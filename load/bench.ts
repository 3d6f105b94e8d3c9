/** `bun load/bench.ts [rows…]`: measures the named rows (all when none is named) on a stack of its own. */

import { measureCreateAndView } from './rows/create-and-view'
import { measureEventLatency } from './rows/event-latency'
import { measureListeners } from './rows/event-listeners'
import { measureColdFeed } from './rows/feed-cold'
import { measureFeedDuringSweep } from './rows/feed-during-sweep'
import { measurePopularStory } from './rows/feed-popular'
import { measureWarmFeed } from './rows/feed-warm'
import { measureFeedWithViews } from './rows/feed-with-views'
import { measureWorstFeeds } from './rows/feed-worst'
import { measureMemory } from './rows/memory'
import { measurePopularViews } from './rows/popular-views'
import { measureSearch } from './rows/search'
import { measureStartUp } from './rows/start-up'
import { measureStats } from './rows/stats'
import { measureSweep } from './rows/sweep'
import { type Bench, withBench } from './support/bench'
import { keepResult, type RowResult } from './support/result'

const ROWS: Readonly<Record<string, (bench: Bench) => Promise<RowResult | readonly RowResult[]>>> = {
  '1': measureWarmFeed,
  '1b': measureFeedWithViews,
  '2': measureColdFeed,
  '3': measureWorstFeeds,
  '4': measureCreateAndView,
  '5': measurePopularViews,
  '6': measurePopularStory,
  '7': measureListeners,
  '8': measureEventLatency,
  '9': measureSweep,
  '9b': measureFeedDuringSweep,
  '9c': measureStats,
  '10': measureSearch,
  '11': measureMemory,
  '12': measureStartUp,
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in ROWS))
if (unknown.length > 0) {
  console.error(`no row ${unknown.join(', ')}; there are ${Object.keys(ROWS).join(' ')}`)
  process.exit(2)
}
await withBench(async (bench) => {
  for (const [name, measure] of Object.entries(ROWS)) {
    if (named.length > 0 && !named.includes(name)) continue
    bench.log(`row ${name}`)
    for (const result of [await measure(bench)].flat()) {
      await keepResult(result)
      bench.log(
        `row ${result.row}: ${result.found}, bound ${result.bound}: ${result.reached ? 'reached' : 'NOT reached'}`,
      )
      for (const line of result.absolute) bench.log(`  ${line}`)
    }
  }
})
process.exit(0)
