// What the reader of one kind of statement gives back beside the facts it collected, and what it is
// given to read the statements inside its own (EXPLAIN's, PREPARE's, COPY's).
import type { Node } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import type { Analysis } from '../analysis.js'
import type { MaskShape } from '../mask-shape.js'
import type { Control, OutputColumn, Statement } from '../reading.js'
import type { Scope } from '../scope.js'

export type Outcome = {
  readonly tag: string
  // Default: none.
  readonly control?: Control
  // Present where the statement returns rows.
  readonly outputs?: readonly OutputColumn[] | 'unknown'
  // Default: -1, no constant limit.
  readonly limited?: number
  // Of EXECUTE: what those of its literals look like that look like masks, by place.
  readonly given?: readonly (MaskShape | undefined)[]
}

export type Context = {
  readonly analysis: Analysis
  // Where the values go that a query among these statements returns.
  readonly sink: Sink
  // Names that a statement may use from around it: a function's parameters, a rule's OLD and NEW.
  readonly outer: Scope | undefined
  // Reads a statement into the same facts.
  readonly inner: (node: Node, sink: Sink, outer?: Scope) => Outcome
  // Reads a statement into facts of its own.
  readonly apart: (node: Node) => Statement
}

type KeysOf<Union> = Union extends unknown ? keyof Union : never
export type StatementTag = KeysOf<Node>
export type BodyOf<Tag extends StatementTag> = Extract<Node, Record<Tag, unknown>>[Tag]

// Readers by node type. Each file of this folder gives the part of the table that it knows.
export type Readers = {
  readonly [Tag in StatementTag]?: (body: BodyOf<Tag>, context: Context) => Outcome
}
