// Decisions already made, found again where nothing that the policy reads has changed. The key holds
// the policy, the text of every value that it reads outside the command, and the command's reading;
// so two callers share a decision only where the policy cannot tell them apart.
import { canonicalJson } from '../engine/canonical.js'
import type { Mask } from '../engine/schemas/decision.js'
import type { RowFilter } from '../engine/schemas/row-filter.js'
import type { ExitMasks } from '../engine/facts/postgres/exit-masks.js'
import type { Entrypoint, Policy } from '../engine/policy/policy.js'
import type { Decision } from '../engine/schemas/decision.js'
import type { CommandFacts } from '../engine/schemas/facts.js'
import type { Statement } from '../engine/facts/postgres/reading.js'
import type { Base } from './facts-of-session.js'

// What goes to the target in place of the client's own text, and how it reads.
export type Rewritten = {
  readonly text: string
  readonly statement: Statement
  // With which it was made.
  readonly masks: readonly Mask[]
  readonly filters?: readonly RowFilter[]
  // Beside filters: the words are those on masked data.
  readonly masked?: boolean
}

export type Decided = {
  // The part of the statement that was judged.
  readonly of: Statement['command']
  readonly facts: CommandFacts
  readonly decision: Decision
  readonly entrypoint: Entrypoint
  // Fields to mask, or why the gateway cannot mask them.
  readonly exit:
    { readonly masks: ExitMasks } | { readonly refused: string; readonly hint?: string }
  // Whether a crash after it must not lose its record, and whether it touches labelled columns.
  readonly changes: boolean
  // Of a refusal, where the policy has none: what would pass.
  readonly hint?: string
  // Never kept: it belongs to one text, and texts share decisions.
  readonly rewritten?: Rewritten
  // What could be said of its answer but for the rows in it; `exit` is a refusal then. Never kept.
  readonly unfiltered?: Decided['exit']
  readonly labelled: boolean
}

type Shelf = Map<number, Decided>

const SITUATIONS_MAX = 2000
const DECISIONS_MAX = 5000
const COMMANDS_MAX = 20_000

export type DecisionCache = {
  // undefined where the policy reads something that makes each command its own.
  readonly shelf: (policy: Policy, base: Base) => Shelf | undefined
  readonly keep: (shelf: Shelf, key: number, decided: Decided) => void
  // The facts of a command but for its digest: one object for each reading, place and kind of message.
  readonly command: (
    key: number,
    statement: Statement,
    message: CommandFacts['postgres']['message'],
    position: number,
    of: number,
  ) => CommandFacts
}

// Up to 4,096 statements a message and two kinds of message, in one number. Negative for readings that
// have no id of their own.
export function keyOf(reading: number, position: number, extended: boolean): number {
  return (reading * 4096 + position) * 2 + (extended ? 1 : 0)
}

export function createDecisionCache(): DecisionCache {
  let shelves = new Map<string, Shelf>()
  let commands = new Map<
    number,
    { readonly of: Statement['command']; readonly facts: CommandFacts }
  >()
  return {
    shelf(policy, base) {
      if (base.scratchFor === policy.id) return base.scratch as Shelf | undefined
      base.scratchFor = policy.id
      const key = projection(policy, base)
      if (key === undefined) {
        base.scratch = undefined
        return undefined
      }
      let shelf = shelves.get(key)
      if (shelf === undefined) {
        if (shelves.size >= SITUATIONS_MAX) shelves = new Map()
        shelf = new Map()
        shelves.set(key, shelf)
      }
      base.scratch = shelf
      return shelf
    },
    keep(shelf, key, decided) {
      if (shelf.size >= DECISIONS_MAX) shelf.clear()
      shelf.set(key, decided)
    },
    command(key, statement, message, position, of) {
      const known = commands.get(key)
      if (known !== undefined && known.of === statement.command) return known.facts
      const { command } = statement
      const facts: CommandFacts = {
        protocol: command.protocol,
        digest: '',
        effects: command.effects,
        flows: command.flows,
        unread: command.unread,
        ...(command.written_masks === undefined ? {} : { written_masks: command.written_masks }),
        postgres: { ...command.postgres, message, position, of },
      }
      if (commands.size >= COMMANDS_MAX) commands = new Map()
      commands.set(key, { of: statement.command, facts })
      return facts
    },
  }
}

function projection(policy: Policy, base: Base): string | undefined {
  if (policy.reads === undefined || base.facts.grants.length > 0) return undefined
  const values: unknown[] = [policy.id]
  for (const path of policy.reads) {
    const parts = path.split('.')
    if (parts[0] === '' || path === 'command' || path.startsWith('command.digest')) return undefined
    if (parts[0] !== 'command') values.push(path, valueAt(base.facts, parts) ?? null)
  }
  return canonicalJson(values)
}

function valueAt(value: unknown, parts: readonly string[]): unknown {
  let at = value
  for (const part of parts) {
    if (typeof at !== 'object' || at === null) return undefined
    // Text in front of a wildcard or index stands for everything below it.
    if (!Object.hasOwn(at, part)) return part === '*' || part === '[_]' ? at : undefined
    at = Reflect.get(at, part)
  }
  return at
}
