import { unavailable } from '../kernel/errors'
import type { MetricsReport } from '../platform/metrics'
import { CHILD_FLAG, type ToChild, type ToSupervisor } from './messages'

/** A process's line to its supervisor. */
export type Link = Readonly<{
  tellListening(): void
  /** Metrics of all processes but this one; throws `unavailable` when the supervisor does not answer in time. */
  reportsOfOthers(own: MetricsReport): Promise<readonly MetricsReport[]>
  /** From now on the supervisor gets what `report` says when it asks. */
  answerWith(report: () => Promise<MetricsReport>): void
  /** `listener` is called when the supervisor is gone, also when it has been for long. */
  onLost(listener: () => void): void
}>

const ANSWER_MS_MAX = 1500

/** The link of this process, or null when it serves alone. */
export function openLink(): Link | null {
  if (!process.argv.includes(CHILD_FLAG) || process.send === undefined) return null
  const tell = (message: ToSupervisor) => void process.send?.(message)
  const waiting = new Map<number, (reports: readonly MetricsReport[]) => void>()
  let lastId = 0
  let report: () => Promise<MetricsReport> = async () => []
  // From the start: a supervisor may be gone before anybody asks.
  const lost = Promise.withResolvers<void>()
  process.on('disconnect', lost.resolve)
  process.on('message', (message: ToChild) => {
    if (message.kind === 'others') waiting.get(message.id)?.(message.reports)
    else void report().then((own) => tell({ kind: 'report', id: message.id, report: own }))
  })
  return {
    tellListening: () => tell({ kind: 'listening' }),
    reportsOfOthers(own) {
      const id = ++lastId
      return new Promise<readonly MetricsReport[]>((resolve, reject) => {
        waiting.set(id, resolve)
        // A sum without the others would look as if their counters had begun anew.
        const late = () => reject(unavailable(new Error('The supervisor does not answer')))
        setTimeout(late, ANSWER_MS_MAX).unref()
        tell({ kind: 'asked', id, own })
      }).finally(() => waiting.delete(id))
    },
    answerWith(next) {
      report = next
    },
    onLost: (listener) => void lost.promise.then(listener),
  }
}
