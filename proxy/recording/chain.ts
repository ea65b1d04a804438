// Turns entries into lines, each with its number and the hash of the line before. Lines count once
// they are committed; lines whose write failed are undone, and their numbers given again.
import { createLineBuffer } from './line-buffer.js'
import type { LineSeal } from './erasure/seal-lines.js'
import type { Tree } from './merkle.js'
import type { OpenCommands } from './open-commands.js'
import { createParts } from './parts.js'
import type { Entry } from './record-entry.js'
import { chained, commandBody, outcomeBody } from './record-line.js'
import type { Outcome } from './recorder.js'

// Leaves are put into the tree in runs, away from the moment when commands wait for their lines.
const LEAVES_HELD = 256

export type Chain = {
  // An outcome waits for the next command of the same run, on whose line it rides.
  readonly add: (entry: Entry) => void
  // The bytes of all lines added since the last call; outcomes that still wait become lines first.
  readonly take: () => readonly Buffer[]
  readonly commit: (entries: readonly Entry[]) => void
  readonly undo: () => void
  // Of the next line to be committed.
  readonly seq: () => number
  readonly hash: () => string
  // Puts all committed lines into the tree first.
  readonly tree: () => Tree
  readonly open: OpenCommands
  // Called when a new segment begins.
  readonly forgetParts: () => void
}

export function createChain(start: {
  readonly tree: Tree
  readonly open: OpenCommands
  readonly hash: string
  // Where what may be personal can be erased.
  readonly seal?: LineSeal | undefined
}): Chain {
  const { tree, open, seal } = start
  const buffer = createLineBuffer()
  const parts = createParts()
  let seq = tree.size()
  let hash = start.hash
  let committed = { seq, hash }
  let leaves: string[] = []
  let waiting: Outcome[] = []
  let time = 0

  const line = (body: string): void => {
    hash = buffer.append(chained(seq, time, hash, body))
    leaves.push(hash)
    seq += 1
  }
  const fold = (): void => {
    for (const leaf of leaves) tree.add(leaf)
    leaves = []
  }

  // What happened before must not come after.
  const settle = (): void => {
    if (waiting.length === 0) return
    for (const outcome of waiting) line(outcomeBody(outcome))
    waiting = []
  }

  return {
    open,
    add(entry) {
      time = entry.time
      const { command, outcome } = entry
      if (outcome !== undefined) {
        waiting.push(outcome)
        return
      }
      if (command === undefined) {
        settle()
        return line(entry.body ?? '}')
      }
      const { base: situation } = command.facts
      const base = parts.digestOf(seal === undefined ? situation : seal.base(situation), line)
      const facts = parts.digestOf(command.facts.command, line)
      const decision = parts.digestOf(command.decision, line)
      const shown = seal === undefined ? command : seal.command(command)
      line(commandBody(shown, { base, command: facts, decision }, waiting))
      if (waiting.length > 0) waiting = []
    },
    take() {
      settle()
      return buffer.take()
    },
    commit(entries) {
      committed = { seq, hash }
      for (const { command, outcome } of entries) {
        if (command?.go === true) open.add(command.session, command.command)
        else if (outcome !== undefined) open.remove(outcome.session, outcome.command)
      }
      if (leaves.length >= LEAVES_HELD) fold()
    },
    undo() {
      leaves.length -= seq - committed.seq
      seq = committed.seq
      hash = committed.hash
      parts.forget()
      waiting = []
    },
    seq: () => seq,
    hash: () => hash,
    tree() {
      fold()
      return tree
    },
    forgetParts: parts.forget,
  }
}
