// Marks in the text of a command what its effects touch, so that an approver's eye lands there first. A
// help for reading: an object that cannot be found in the text is listed beside it all the same.
import type { Effect, Flow } from '../../../engine/schemas/facts.js'
import { toneOf, type Tone } from './effect-words.js'
import { sqlTokens, type Token, type TokenKind } from './sql-tokens.js'

export type Piece = {
  readonly text: string
  readonly kind: TokenKind
  // What is done to the object that is named here, heaviest tone.
  readonly touched?: {
    readonly tone: Tone
    readonly object: string
    readonly ops: readonly string[]
  }
  // A labelled column.
  readonly labels?: readonly string[]
}

const WEIGHT: Readonly<Record<Tone, number>> = { destroy: 3, call: 2, write: 1, look: 0 }

export function touchedPieces(
  text: string,
  effects: readonly Effect[],
  flows: readonly Flow[] = [],
): readonly Piece[] {
  const objects = byName(effects)
  const columns = labelledColumns(flows)
  const tokens = sqlTokens(text)
  return tokens.map((token, at): Piece => {
    const plain = { text: token.text, kind: token.kind }
    const name = nameOf(token)
    if (name === undefined) return plain
    const found = objects.get(name)
    const schema = before(tokens, at)
    const match = found?.find((one) => schema === undefined || one.schema === schema)
    if (match !== undefined) {
      const { tone, object, ops } = match
      return { ...plain, touched: { tone, object, ops } }
    }
    const labels = columns.get(name)
    return labels === undefined ? plain : { ...plain, labels }
  })
}

type Named = {
  readonly schema: string
  readonly object: string
  readonly tone: Tone
  readonly ops: readonly string[]
}

function byName(effects: readonly Effect[]): ReadonlyMap<string, readonly Named[]> {
  const all = new Map<string, Named[]>()
  for (const effect of effects) {
    if (effect.object === '') continue
    const dot = effect.object.indexOf('.')
    const name = effect.object.slice(dot + 1)
    const schema = dot < 0 ? '' : effect.object.slice(0, dot)
    const there = all.get(name) ?? []
    const same = there.findIndex((one) => one.object === effect.object)
    const old = there[same]
    const tone = toneOf(effect)
    const heaviest = old !== undefined && WEIGHT[old.tone] > WEIGHT[tone] ? old.tone : tone
    const ops = [...new Set([...(old?.ops ?? []), effect.op])]
    const named: Named = { schema, object: effect.object, tone: heaviest, ops }
    if (old === undefined) there.push(named)
    else there[same] = named
    all.set(name, there)
  }
  return all
}

// Of columns whose values go anywhere: `public.customers.ssn` is marked where it says ssn.
function labelledColumns(flows: readonly Flow[]): ReadonlyMap<string, readonly string[]> {
  return new Map(flows.map(({ from, labels }) => [from.slice(from.lastIndexOf('.') + 1), labels]))
}

function nameOf({ kind, text }: Token): string | undefined {
  if (kind === 'word' || kind === 'keyword') return text.toLowerCase()
  if (kind === 'quoted' && text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"')
  return undefined
}

// The word before a dot before this one: a schema, or the alias of a table.
function before(tokens: readonly Token[], at: number): string | undefined {
  if (tokens[at - 1]?.text !== '.') return undefined
  const token = tokens[at - 2]
  return token === undefined ? undefined : nameOf(token)
}
