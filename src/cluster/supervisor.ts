import type { Subprocess } from 'bun'
import type { Config } from '../config'
import { monotonicMs } from '../kernel/clock'
import { createLogger } from '../platform/logger'
import type { MetricsReport } from '../platform/metrics'
import { version } from '../version'
import { CHILD_FLAG, type ToChild, type ToSupervisor } from './messages'
import { createReports } from './reports'

/**
 * Keeps `WEB_CONCURRENCY` processes running that all listen on one port, between which the kernel spreads connections.
 * It handles no request: it starts them, starts again what crashed, passes on the signal to end, and carries metrics.
 */

const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 5000
/** A process that ran so long did not crash because it was started again too soon. */
const STEADY_MS = 30_000
/** More than any process takes to drain. */
const STOP_MS_MAX = 9700
const REPORT_MS_MAX = 500

type Child = { readonly process: Subprocess; isListening: boolean; ended: boolean }

export function superviseServers(config: Config): void {
  const logger = createLogger(config.logLevel, 'api', false)
  if (process.platform !== 'linux') {
    logger.fatal({ event: 'start_failed', why: 'WEB_CONCURRENCY above 1 needs Linux' })
    process.exit(1)
  }
  const children = new Set<Child>()
  const reports = createReports<Child>()
  const waiting = new Map<number, (report: MetricsReport) => void>()
  let lastId = 0
  let stopping = false
  let exitCode = 0

  /** False for a process that has just died: its channel is closed before its end is told. */
  const sendTo = (child: Child, message: ToChild): boolean => {
    try {
      child.process.send(message)
      return true
    } catch {
      return false
    }
  }
  const askForReport = async (child: Child): Promise<void> => {
    const id = ++lastId
    if (!sendTo(child, { kind: 'report', id })) return
    const answered = new Promise<void>((resolve) => {
      // Whoever is late is in the sum with what it said last.
      const timer = setTimeout(resolve, REPORT_MS_MAX)
      waiting.set(id, (report) => {
        clearTimeout(timer)
        if (!child.ended) reports.note(child, report)
        resolve()
      })
    })
    await answered.finally(() => waiting.delete(id))
  }
  const answerWithOthers = async (asker: Child, id: number, own: MetricsReport): Promise<void> => {
    reports.note(asker, own)
    const others = [...children].filter((child) => child !== asker && child.isListening)
    await Promise.all(others.map(askForReport))
    if (!asker.ended) sendTo(asker, { kind: 'others', id, reports: reports.others(asker) })
  }

  /** One place among the processes; `onEnded` decides who takes it next. */
  const launch = (onListening: () => void, onEnded: (child: Child, code: number | null) => void): void => {
    const child: Child = {
      isListening: false,
      ended: false,
      process: Bun.spawn([process.execPath, ...process.execArgv, Bun.main, CHILD_FLAG], {
        env: process.env,
        stdio: ['ignore', 'inherit', 'inherit'],
        ipc(message: ToSupervisor) {
          if (child.ended) return
          if (message.kind === 'asked') return void answerWithOthers(child, message.id, message.own)
          if (message.kind === 'report') return waiting.get(message.id)?.(message.report)
          child.isListening = true
          onListening()
        },
        onExit(_, code) {
          child.ended = true
          children.delete(child)
          void reports.retire(child)
          onEnded(child, code)
        },
      }),
    }
    children.add(child)
  }
  const keepRunning = (): void => {
    let hasServed = false
    let crashes = 0
    const run = () => {
      if (stopping) return
      const startedMs = monotonicMs()
      const runAgain = (facts: object, code: number | null) => {
        // What cannot start at all is for whoever started us to see.
        if (!hasServed) return stop('start_failed', code || 1)
        crashes = monotonicMs() - startedMs > STEADY_MS ? 0 : crashes + 1
        const restartInMs = Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** crashes)
        logger.error({ event: 'server_process_ended', ...facts, restart_in_ms: restartInMs })
        setTimeout(run, restartInMs)
      }
      try {
        launch(
          () => {
            hasServed = true
          },
          (child, code) => {
            if (stopping) return endWithLast(child, code)
            const { pid, signalCode } = child.process
            runAgain({ pid, code, signal: signalCode }, code)
          },
        )
      } catch (error) {
        // The system may have no process to give for a while, and the others serve meanwhile.
        runAgain({ err: error }, null)
      }
    }
    run()
  }
  const endWithLast = (child: Child, code: number | null): void => {
    // Before it listens, a signal ends a process at once, and that is as good.
    if (child.isListening && code !== 0) exitCode ||= 1
    if (children.size > 0) return
    logger.info({ event: 'supervisor_stopped' })
    process.exit(exitCode)
  }
  const stop = (signal: string, code = 0): void => {
    if (stopping) return
    stopping = true
    exitCode = code
    logger.info({ event: 'supervisor_stopping', signal })
    if (children.size === 0) process.exit(exitCode)
    for (const child of children) child.process.kill('SIGTERM')
    setTimeout(() => {
      for (const child of children) child.process.kill('SIGKILL')
    }, STOP_MS_MAX)
  }

  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  logger.info({ event: 'supervisor_started', processes: config.webConcurrency, port: config.port, version })
  for (let i = 0; i < config.webConcurrency; i++) keepRunning()
}
