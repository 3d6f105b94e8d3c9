import { monotonicMs } from './clock'

/** Answers one item; several that are asked for at about the same time are answered together. */
export type Batcher<Item, Answer> = (item: Item) => Promise<Answer>

type Options<Item, Answer> = Readonly<{
  /** Answers all of them, in their order. */
  run(items: readonly Item[]): Promise<readonly Answer[]>
  sizeMax: number
  /** How many turns of the loop may bring company to the first of a batch, before it goes. */
  turns?: number
  /** From the start of one batch to the next, unless enough wait for it; whoever comes after such a rest waits for nothing. */
  everyMs?: number
  enough?: number
  /** Whatever waits goes when the first has waited for so long, though the batch before is still under way. */
  patienceMs?: number
  /** Whether a batch may have failed for one of its items only; then each is run again by itself. */
  isOfOne?: (error: unknown) => boolean
}>

type Asker<Item, Answer> = Readonly<{
  item: Item
  resolve(answer: Answer): void
  reject(error: unknown): void
}>

/** Some times longer than a batch takes; a short one beside the time that a whole request may take. */
const PATIENCE_MS = 25

/**
 * One round trip for what many ask at once costs hardly more than for one of them. So one is under way at a time, and what
 * is asked for before its answer goes together in the next: an idle process waits for nobody, and the busier it is, the
 * more go together.
 */
export function createBatcher<Item, Answer>(options: Options<Item, Answer>): Batcher<Item, Answer> {
  const { run, sizeMax, turns = 1, patienceMs = PATIENCE_MS, isOfOne = () => false } = options
  const { everyMs = 0, enough = sizeMax } = options
  let waiting: Asker<Item, Answer>[] = []
  let underWay = 0
  let isScheduled = false
  let timer: Timer | undefined
  let restTimer: Timer | undefined
  let startedMs = Number.NEGATIVE_INFINITY

  const runAll = async (askers: readonly Asker<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await run(askers.map(({ item }) => item))
      askers.forEach(({ resolve }, i) => {
        resolve(answers[i] as Answer)
      })
    } catch (error) {
      if (askers.length > 1 && isOfOne(error)) {
        await Promise.all(askers.map((asker) => runAll([asker])))
        return
      }
      for (const { reject } of askers) reject(error)
    }
  }
  const start = () => {
    const askers = waiting.slice(0, sizeMax)
    waiting = waiting.slice(sizeMax)
    underWay++
    startedMs = monotonicMs()
    clearTimeout(restTimer)
    restTimer = undefined
    void runAll(askers).then(() => {
      underWay--
      goOn()
    })
  }
  const startOrRest = () => {
    const restMs = startedMs + everyMs - monotonicMs()
    if (restMs <= 0 || waiting.length >= enough) return start()
    restTimer ??= setTimeout(() => {
      startedMs = Number.NEGATIVE_INFINITY
      goOn()
    }, restMs)
  }
  const goOn = () => {
    isScheduled = false
    if (waiting.length > 0 && underWay === 0) startOrRest()
    if (waiting.length > 0 && underWay > 0) {
      timer ??= setTimeout(startAll, patienceMs)
    } else {
      clearTimeout(timer)
      timer = undefined
    }
  }
  const after = (turns: number): void => {
    setImmediate(() => (turns > 1 ? after(turns - 1) : goOn()))
  }
  const startAll = () => {
    while (waiting.length > 0) start()
    timer = undefined
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isScheduled) return
      isScheduled = true
      // Not at once: what the same turn of the loop brings goes with it.
      after(turns)
    })
}
