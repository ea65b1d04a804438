// Which cases are refused although they should be answered masked, and why: a list beside the cases.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

type Reasons = Readonly<Record<string, string>>

export type Refusals = {
  // Whatever the policy says.
  readonly always: Reasons
  // By rules of the shipped library alone.
  readonly library: Reasons
}

/** The list beside a file of cases; empty where there is none. */
export function refusalsBeside(cases: string): Refusals {
  const place = join(dirname(cases), 'refused.yaml')
  const about = cases.endsWith('postgres.json') && existsSync(place)
  return about ? (parse(readFileSync(place, 'utf8')) as Refusals) : { always: {}, library: {} }
}
