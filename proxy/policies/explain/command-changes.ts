// Changes of the command itself: narrower, without a column or one of its effects, in another form.
import type { CommandFacts, Effect, Flow, Narrowing, Sink } from '../../../engine/schemas/facts.js'
import type { Candidate } from './candidates.js'

export function commandChanges(command: CommandFacts): readonly Candidate[] {
  return [
    ...command.effects.flatMap(narrowed),
    ...limited(command),
    ...command.effects.flatMap(reworded),
    ...command.flows.flatMap((flow) => unused(flow)),
    ...columnsLeftOut(command),
    ...copyAsSelect(command),
    ...otherEffectsLeftOut(command),
    ...sentAlone(command),
  ]
}

const NARROWER: readonly (readonly [Narrowing, string])[] = [
  ['range', 'a WHERE that leaves rows out'],
  ['equality', 'a WHERE that compares a column with one value'],
  ['key', 'a WHERE that names the rows by their key, such as WHERE id = …'],
]

function narrowed(effect: Effect): readonly Candidate[] {
  if (effect.op !== 'update' && effect.op !== 'delete') return []
  const at = NARROWER.findIndex(([word]) => word === effect.where)
  if (effect.where === 'key') return []
  return NARROWER.slice(at + 1).map(([where, words]) =>
    forCommand(
      `where:${effect.op}:${effect.object}`,
      `give the ${wordOf(effect)} ${words}`,
      (command) => withEffects(command, (one) => (isSame(one, effect) ? { ...one, where } : one)),
    ),
  )
}

const LIMITS = [1000, 100, 1]

function limited({ postgres }: CommandFacts): readonly Candidate[] {
  if (!postgres.returns_rows) return []
  return LIMITS.filter((limit) => postgres.limited < 0 || limit < postgres.limited).map((limit) =>
    forCommand('limit', `add LIMIT ${limit}`, (command) => ({
      ...command,
      postgres: { ...command.postgres, limited: limit },
    })),
  )
}

const TEMPORARY: readonly Effect['kind'][] = ['table', 'view', 'sequence']

// The same statement in another form.
function reworded(effect: Effect): readonly Candidate[] {
  const one = (family: string, words: string, changed: (effect: Effect) => Effect): Candidate =>
    forCommand(`${family}:${effect.op}:${effect.object}`, words, (command) =>
      withEffects(command, (found) => (isSame(found, effect) ? changed(found) : found)),
    )
  const found: Candidate[] = []
  if (effect.op === 'create' && effect.detail === 'replace') {
    found.push(
      one('replace', `create ${effect.object} under a new name, without OR REPLACE`, plain),
    )
  }
  if (effect.op === 'create' && effect.temporary !== true && TEMPORARY.includes(effect.kind)) {
    const words = `create ${effect.object} as TEMPORARY`
    found.push(one('temporary', words, (created) => ({ ...created, temporary: true })))
  }
  if (effect.detail === 'cascade') {
    found.push(one('cascade', `leave CASCADE out`, plain))
  }
  if (effect.detail === 'security_definer' && effect.op !== 'call') {
    found.push(one('definer', `leave SECURITY DEFINER out`, plain))
  }
  return found
}

function plain(effect: Effect): Effect {
  const { detail: _, ...rest } = effect
  return rest
}

// A labelled column stays, but not for what it is used for here.
function unused(flow: Flow): readonly Candidate[] {
  const found: Candidate[] = []
  if (flow.to === 'output' && flow.through.length > 0) {
    found.push(
      forCommand(
        `whole:${flow.from}`,
        `select ${flow.from} as it is, with nothing around it`,
        (command) => ({
          ...command,
          flows: command.flows.map((one) => (isOf(one, flow) ? { ...one, through: [] } : one)),
        }),
      ),
    )
  }
  if (flow.to !== 'output') {
    found.push(
      forCommand(
        `use:${flow.from}:${flow.to}`,
        `do not use ${flow.from} ${PLACES[flow.to]}`,
        (command) => ({
          ...command,
          flows: command.flows.filter((one) => !isOf(one, flow)),
        }),
      ),
    )
  }
  return found
}

const PLACES: Readonly<Record<Sink, string>> = {
  output: 'in the result',
  predicate: 'in conditions',
  join: 'to join',
  order: 'in ORDER BY',
  group: 'in GROUP BY, DISTINCT or a set operation',
  aggregate: 'in an aggregate',
  write: 'as a value that is written',
  copy: 'in COPY',
  argument: 'as an argument of that function',
  notice: 'in a notice',
}

// One labelled column, and where there are several, all of them.
function columnsLeftOut(command: CommandFacts): readonly Candidate[] {
  const columns = [...new Set(command.flows.map(({ from }) => from))].sort()
  const one = columns.map((column) =>
    forCommand(`column:${column}`, `leave ${column} out`, (found) =>
      withoutColumns(found, [column]),
    ),
  )
  if (columns.length < 2) return one
  const words = `leave ${columns.join(', ')} out`
  return [...one, forCommand('columns', words, (found) => withoutColumns(found, columns))]
}

function withoutColumns(command: CommandFacts, columns: readonly string[]): CommandFacts {
  const flows = command.flows.filter(({ from }) => !columns.includes(from))
  const gone = command.flows.filter(({ from }) => columns.includes(from))
  return {
    ...withEffects(command, (effect) =>
      effect.op === 'read' ? less(effect, gone, flows) : effect,
    ),
    flows,
  }
}

// The labels that only the columns left out had.
function less(effect: Effect, gone: readonly Flow[], kept: readonly Flow[]): Effect {
  const own = (flows: readonly Flow[]): readonly Flow[] =>
    flows.filter(({ from }) => from.slice(0, from.lastIndexOf('.')) === effect.object)
  const names = own(gone).map(({ from }) => from.slice(from.lastIndexOf('.') + 1))
  if (names.length === 0) return effect
  const still = new Set(own(kept).flatMap(({ labels }) => labels))
  const lost = new Set(own(gone).flatMap(({ labels }) => labels.filter((one) => !still.has(one))))
  return {
    ...effect,
    ...(effect.columns && { columns: effect.columns.filter((name) => !names.includes(name)) }),
    ...(effect.labels && { labels: effect.labels.filter((label) => !lost.has(label)) }),
  }
}

function copyAsSelect(command: CommandFacts): readonly Candidate[] {
  if (!command.effects.some(({ op }) => op === 'copy_out')) return []
  return [
    forCommand('copy', 'use SELECT in place of COPY', (found) => ({
      ...found,
      effects: found.effects.flatMap((effect): Effect[] => {
        if (effect.op !== 'copy_out') return [effect]
        return effect.kind === 'statement' ? [] : [{ ...effect, op: 'read' }]
      }),
      flows: found.flows.map((flow, output): Flow =>
        flow.to === 'copy' ? { ...flow, to: 'output', output } : flow,
      ),
      postgres: { ...found.postgres, tag: 'SELECT', message: 'simple', returns_rows: true },
    })),
  ]
}

// A statement that does several things, without one of them; but not without what it is about.
function otherEffectsLeftOut(command: CommandFacts): readonly Candidate[] {
  if (command.effects.length < 2) return []
  const { tag } = command.postgres
  const isWhole = ({ op }: Effect): boolean =>
    tag.toLowerCase().startsWith(op) && command.effects.filter((one) => one.op === op).length === 1
  const others = command.effects.filter((effect) => !isWhole(effect))
  return others.map((effect) =>
    forCommand(
      `effect:${effect.op}:${effect.object}`,
      `leave the ${wordOf(effect)} out`,
      (found) => ({
        ...found,
        effects: found.effects.filter((one) => !isSame(one, effect)),
      }),
    ),
  )
}

function sentAlone({ postgres }: CommandFacts): readonly Candidate[] {
  if (postgres.of < 2) return []
  return [
    forCommand('alone', 'send it in a message of its own', (command) => ({
      ...command,
      postgres: { ...command.postgres, position: 1, of: 1 },
    })),
  ]
}

function forCommand(
  family: string,
  words: string,
  changed: (command: CommandFacts) => CommandFacts,
): Candidate {
  return {
    about: 'command',
    family,
    words,
    changed: (facts) =>
      facts.command === undefined ? facts : { ...facts, command: changed(facts.command) },
  }
}

function withEffects(command: CommandFacts, changed: (effect: Effect) => Effect): CommandFacts {
  return { ...command, effects: command.effects.map(changed) }
}

function isSame(one: Effect, other: Effect): boolean {
  return one.op === other.op && one.object === other.object && one.kind === other.kind
}

function isOf(one: Flow, other: Flow): boolean {
  return one.from === other.from && one.to === other.to && one.output === other.output
}

function wordOf({ op, object }: Effect): string {
  const word = op.toUpperCase().replaceAll('_', ' ')
  return object === '' ? word : `${word} of ${object}`
}
