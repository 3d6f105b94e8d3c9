/** Answers one item; several that are asked for at about the same time are answered together. */
export type Batcher<Item, Answer> = (item: Item) => Promise<Answer>

type Options<Item, Answer> = Readonly<{
  /** Answers all of them, in their order. */
  run(items: readonly Item[]): Promise<readonly Answer[]>
  /** So many batches may be under way; what is asked for meanwhile waits and goes together. */
  atOnceMax: number
  sizeMax: number
  /** Whether a batch may have failed for one of its items only; then each is run again by itself. */
  isOfOne?: (error: unknown) => boolean
}>

type Asker<Item, Answer> = Readonly<{
  item: Item
  resolve(answer: Answer): void
  reject(error: unknown): void
}>

/**
 * One round trip for what many ask at once costs hardly more than for one of them. An idle process waits for nobody; the
 * busier it is, the more go together.
 */
export function createBatcher<Item, Answer>(options: Options<Item, Answer>): Batcher<Item, Answer> {
  const { run, atOnceMax, sizeMax, isOfOne = () => false } = options
  let waiting: Asker<Item, Answer>[] = []
  let underWay = 0
  let isScheduled = false

  const runAll = async (askers: readonly Asker<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await run(askers.map(({ item }) => item))
      askers.forEach(({ resolve }, i) => {
        resolve(answers[i] as Answer)
      })
    } catch (error) {
      if (askers.length > 1 && isOfOne(error)) {
        for (const asker of askers) await runAll([asker])
        return
      }
      for (const { reject } of askers) reject(error)
    }
  }
  const flush = () => {
    isScheduled = false
    while (waiting.length > 0 && underWay < atOnceMax) {
      const askers = waiting.slice(0, sizeMax)
      waiting = waiting.slice(sizeMax)
      underWay++
      void runAll(askers).then(() => {
        underWay--
        flush()
      })
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isScheduled || underWay >= atOnceMax) return
      isScheduled = true
      // Not at once: what the same turn of the loop brings goes with it.
      setImmediate(flush)
    })
}
