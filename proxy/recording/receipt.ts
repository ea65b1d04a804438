// What a receipt says, worked out of its lines; and the one text that a receipt with these lines has. Both
// who makes one and who checks one come through here, so that nothing in it can say anything else.
import { canonicalJson } from '../../engine/canonical.js'
import { RECEIPT_VERSION } from '../../engine/schemas/receipt.js'
import type { Receipt } from '../../engine/schemas/receipt.js'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { factsDigest, factsOf, partIsSound } from './recorded-facts.js'
import type { CommandLine } from './recorded-facts.js'

export const LINE_NAMES = ['command', 'base', 'facts', 'decision', 'bundle'] as const
export type LineName = (typeof LINE_NAMES)[number]

export type Material = Pick<Receipt, 'key' | 'checkpoint' | 'lines'>

export type Told = {
  readonly command: CommandLine
  readonly decision: Decision
  readonly facts: Facts
  readonly factsDigest: string
  readonly bundle: Receipt['bundle']
}

export type Wrong = { readonly at: string; readonly what: string }

// Of lines that are known to be in the record.
export function toldBy(lines: Readonly<Record<LineName, RecordLine>>): Told | Wrong {
  const { command } = lines
  if (command.kind !== 'command') return wrongLine('command', 'is not that of a command')
  const wanted = {
    base: command.facts.base,
    facts: command.facts.command,
    decision: command.decision,
  }
  const parts = new Map<string, object>()
  for (const name of ['base', 'facts', 'decision'] as const) {
    const part = lines[name]
    if (part.kind !== 'part' || part.digest !== wanted[name] || part.seq > command.seq) {
      return wrongLine(name, 'is not the part that the command’s line refers to')
    }
    if (!partIsSound(part.digest, part.value)) {
      return wrongLine(name, 'holds a value that is not what its digest says')
    }
    parts.set(part.digest, part.value)
  }
  const bundle = activated(lines.bundle, command)
  if (bundle === undefined) {
    return wrongLine('bundle', 'is not the activation of the bundle that decided')
  }
  const facts = factsOf(command, { of: (digest) => parts.get(digest) })
  const decision = parts.get(command.decision)
  if (facts === undefined || decision === undefined) return wrongLine('command', 'is incomplete')
  return {
    command,
    facts,
    factsDigest: factsDigest(facts),
    // As the bundle returned it; executing it again tells whether it did.
    decision: decision as Decision,
    bundle,
  }
}

// Members in this order, two spaces, a newline at the end: one text for one receipt.
export function receiptText(told: Told, { key, checkpoint, lines }: Material): string {
  const receipt: Receipt = {
    receipt: RECEIPT_VERSION,
    decision: sorted(told.decision),
    entrypoint: told.command.entrypoint,
    facts_digest: told.factsDigest,
    facts: sorted(told.facts),
    bundle: told.bundle,
    key,
    checkpoint,
    lines: {
      command: proven(lines.command),
      base: proven(lines.base),
      facts: proven(lines.facts),
      decision: proven(lines.decision),
      bundle: proven(lines.bundle),
    },
  }
  return `${JSON.stringify(receipt, null, 2)}\n`
}

function proven({ line, path }: Receipt['lines'][LineName]): Receipt['lines'][LineName] {
  return { line, path }
}

function sorted(value: object): Record<string, unknown> {
  return JSON.parse(canonicalJson(value)) as Record<string, unknown>
}

function activated(line: RecordLine, command: CommandLine): Receipt['bundle'] | undefined {
  if (line.kind !== 'bundle' || line.event !== 'activated' || line.slot !== undefined) {
    return undefined
  }
  const { bundle, wasm, revision, fuel } = line
  if (bundle !== command.bundle || line.seq > command.seq) return undefined
  if (wasm === undefined || revision === undefined) return undefined
  return { digest: bundle, wasm, revision, ...(fuel === undefined ? {} : { fuel }) }
}

function wrongLine(name: LineName, what: string): Wrong {
  return { at: `lines.${name}`, what: `the line ${what}` }
}
