import type { MetricsReport } from '../platform/metrics'

/**
 * The metrics of the processes as their supervisor knows them. What a process had counted when it was last asked stays
 * in the sum after its end: a sum that falls would be read as counters that began anew.
 */
export type Reports<Child> = Readonly<{
  note(child: Child, report: MetricsReport): void
  /** One report of each process known, without `except`; and one of all that have ended. */
  others(except: Child): readonly MetricsReport[]
  /** Keeps the counters of a process that has ended, and nothing else of it. */
  retire(child: Child): Promise<void>
}>

export function createReports<Child>(): Reports<Child> {
  const last = new Map<Child, MetricsReport>()
  const ended: MetricsReport[] = []
  let summing = Promise.resolve()
  /** However many processes end, their counters are one report. */
  const sumUp = async () => {
    const { AggregatorRegistry } = await import('prom-client')
    const parts = [...ended]
    if (parts.length < 2) return
    const sum = await AggregatorRegistry.aggregate(parts).getMetricsAsJSON()
    ended.splice(0, parts.length, sum)
  }
  return {
    note: (child, report) => void last.set(child, report),
    others: (except) => [
      ...[...last].filter(([child]) => child !== except).map(([, report]) => report),
      ...ended,
    ],
    retire(child) {
      const report = last.get(child)
      last.delete(child)
      if (report === undefined) return summing
      ended.push(report.filter(({ type }) => isCounted(type)))
      summing = summing.then(sumUp)
      return summing
    },
  }
}

/** A gauge says how something is, and of a process that has ended nothing is any more. */
const isCounted = (type: unknown): boolean => type === 'counter' || type === 'histogram'
