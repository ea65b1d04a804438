// What a session's relay and the guard tell its recording. Costs next to nothing where nothing is
// recorded: a session without a tape is not recorded, and has no other form. `recordings/tape.ts` makes one.

export type RecordLevel = 'none' | 'commands' | 'results'

// What policy and configuration ask to be recorded of one command.
export type RecordTerms = {
  readonly level: RecordLevel
  // Of its answer; Infinity without a bound.
  readonly rows: number
  readonly bytes: number
  // What cannot be recorded does not run.
  readonly required: boolean
}

export type Tape = {
  // A command was sent: its text as in the record, and the values of a Bind.
  readonly command: (
    command: number,
    text: string,
    binds: readonly (string | null)[] | undefined,
  ) => void
  // From here on what goes to the client belongs to that command (0: to none).
  readonly turn: (command: number) => void
  // How the rows of that command are to be read, where the client is not told again: the formats that its
  // Bind asked for, and the RowDescription that it was given before.
  readonly shape: (command: number, formats: readonly number[], description?: Uint8Array) => void
  // Bytes [start, end) go to the client now; copied.
  readonly wire: (bytes: Uint8Array, start: number, end: number) => void
  // What follows of that command's answer is not recorded.
  readonly cut: (command: number, why: string) => void
  // From now on this session must be recorded, or end.
  readonly require: () => void
  // How many bytes of answers may still be recorded in this session.
  readonly left: () => number
  // More than enough waits for the disk: nothing more should come until `onDrain`.
  readonly full: () => boolean
  // Why nothing is recorded any more.
  readonly failed: () => string | undefined
  onDrain: () => void
  // Nothing more can be recorded, and it must be.
  onFailure: (why: string) => void
  // The session is over.
  readonly close: () => void
}
