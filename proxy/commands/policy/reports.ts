// What `diff` and `backtest` share on the command line: formats of their report, and the bar that shows how
// far they are.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { readExpectations } from '../../policies/backtest/expected.js'
import { githubOf } from '../../policies/backtest/print-github.js'
import { markdownOf } from '../../policies/backtest/print-markdown.js'
import { prettyOf } from '../../policies/backtest/print-pretty.js'
import { failuresOf, type FailOn, type Report } from '../../policies/backtest/report.js'
import { invariantsIn, type Invariant } from '../../policies/invariants/read-invariants.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'

export const REPORT_FORMATS = ['pretty', 'json', 'markdown', 'github'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

const BAR_WIDTH = 30
const SHOWN_EVERY_MS = 100

export function reportText(report: Report, format: ReportFormat, failOn: FailOn, io: Io): string {
  switch (format) {
    case 'pretty':
      return prettyOf(report, failOn, paintFor(io), plainText)
    case 'json':
      return `${JSON.stringify({ ...report, failures: failuresOf(report, failOn) })}\n`
    case 'markdown':
      return markdownOf(report, failOn)
    case 'github':
      return githubOf(report, failOn)
  }
}

// A delta states all that is meant: with one, whatever is beyond it counts.
export function failOnArgument(given: string | undefined, hasDelta: boolean): FailOn {
  if (given === undefined) return hasDelta ? 'any' : 'wider'
  if (given === 'wider' || given === 'any' || given === 'none') return given
  throw new GatewayError('usage', `--fail-on is one of wider, any, none, not ${given}`)
}

export function fuelArgument(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise
  if (!/^[1-9]\d{3,9}$/.test(given)) throw new GatewayError('usage', `--fuel ${given} is no budget`)
  return Number(given)
}

// RFC 3339 or milliseconds, as `audit export` takes them.
export function timeArgument(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const found = /^\d+$/.test(given) ? Number(given) : Date.parse(given)
  if (Number.isNaN(found)) throw new GatewayError('usage', `${given} is not a time`)
  return found
}

// delta.yaml: the flips that are meant.
export function expectationsArgument(
  given: string | undefined,
  io: Io,
): ReturnType<typeof readExpectations> {
  return given === undefined ? [] : readExpectations(resolve(io.cwd, given), given)
}

// undefined where none are named.
export function invariantsArgument(
  given: string | undefined,
  io: Pick<Io, 'cwd'>,
): readonly Invariant[] | undefined {
  if (given === undefined) return undefined
  let text: string
  try {
    text = readFileSync(resolve(io.cwd, given), 'utf8')
  } catch (cause) {
    throw new GatewayError('not_found', `${given} cannot be read`, { cause })
  }
  return invariantsIn(text, given)
}

export type ProgressBar = {
  readonly show: (done: {
    readonly bytes: number
    readonly of: number
    readonly records: number
  }) => void
  readonly clear: () => void
}

// On a terminal alone; undefined elsewhere.
export function progressOn(io: Io, now: () => number = Date.now): ProgressBar | undefined {
  if (io.stderr.isTTY !== true) return undefined
  const started = now()
  let shown = 0
  return {
    show({ bytes, of, records }) {
      const at = now()
      if (at - shown < SHOWN_EVERY_MS) return
      shown = at
      const part = of === 0 ? 1 : Math.min(1, bytes / of)
      const full = Math.round(part * BAR_WIDTH)
      const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
      const rate = Math.round(records / Math.max(0.001, (at - started) / 1000))
      io.stderr.write(
        `\r\u001b[K${bar} ${Math.round(part * 100)} %  ${records.toLocaleString('en')} records, ` +
          `${rate.toLocaleString('en')}/s`,
      )
    },
    clear: () => void io.stderr.write('\r\u001b[K'),
  }
}
