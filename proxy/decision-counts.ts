// Decisions counted on the way, as cheaply as it goes: one for every command, so that the libraries'
// own counters, which hash their labels each time, would cost more than the decision itself. They are
// handed the counts when Prometheus asks.
import { Histogram, type Counter, type Registry } from 'prom-client'
import type { Action } from '../engine/schemas/decision.js'

const NAME = 'sallyport_decision_seconds'
const SECONDS = [
  0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.005, 0.02,
  0.1, 1,
] as const
const MICROSECONDS = SECONDS.map((seconds) => seconds * 1e6)

type Times = { readonly counts: number[]; sumUs: number; count: number }

export type DecisionCounts = {
  readonly decided: (action: Action, rule: string, microseconds: number, cached: boolean) => void
}

// `boundedRule` keeps the number of rules that are told apart within a bound.
export function decisionCounts(
  registry: Registry,
  counter: Counter<'action' | 'rule'>,
  boundedRule: (rule: string) => string,
): DecisionCounts {
  const byAction = new Map<Action, Map<string, { count: number }>>()
  const times = { yes: noTimes(), no: noTimes() }
  const countOf = (action: Action, asked: string): { count: number } => {
    const rule = boundedRule(asked)
    let rules = byAction.get(action)
    if (rules === undefined) byAction.set(action, (rules = new Map()))
    let found = rules.get(rule)
    if (found === undefined) rules.set(rule, (found = { count: 0 }))
    return found
  }
  registry.registerMetric(new DecisionSeconds(times))
  Object.assign(counter, {
    collect() {
      for (const [action, rules] of byAction) {
        for (const [rule, counted] of rules) {
          if (counted.count > 0) counter.inc({ action, rule }, counted.count)
          counted.count = 0
        }
      }
    },
  })
  return {
    decided(action, rule, microseconds, cached) {
      countOf(action, rule).count++
      const time = cached ? times.yes : times.no
      let at = 0
      while (at < MICROSECONDS.length && microseconds > (MICROSECONDS[at] ?? 0)) at++
      time.counts[at] = (time.counts[at] ?? 0) + 1
      time.sumUs += microseconds
      time.count++
    },
  }
}

function noTimes(): Times {
  return { counts: [...SECONDS, Infinity].map(() => 0), sumUs: 0, count: 0 }
}

type Value = {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

// A histogram whose values are made when they are asked for.
class DecisionSeconds extends Histogram {
  readonly #times: Readonly<Record<'yes' | 'no', Times>>

  constructor(times: Readonly<Record<'yes' | 'no', Times>>) {
    super({ name: NAME, help: 'time to decide one command, facts included', registers: [] })
    this.#times = times
  }

  // What the registry's page is made of.
  async getForPromString(): Promise<object> {
    const values: Value[] = []
    for (const cached of ['no', 'yes'] as const) {
      const { counts, sumUs, count } = this.#times[cached]
      if (count === 0) continue
      let below = 0
      for (const [at, le] of SECONDS.entries()) {
        below += counts[at] ?? 0
        values.push({ metricName: `${NAME}_bucket`, labels: { le, cached }, value: below })
      }
      values.push(
        { metricName: `${NAME}_bucket`, labels: { le: '+Inf', cached }, value: count },
        { metricName: `${NAME}_sum`, labels: { cached }, value: sumUs / 1e6 },
        { metricName: `${NAME}_count`, labels: { cached }, value: count },
      )
    }
    return {
      name: NAME,
      help: 'time to decide one command, facts included',
      type: 'histogram',
      values,
    }
  }
}
