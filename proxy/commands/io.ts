// What a command may touch of the world outside: handed in by main.ts, so that a command can be run
// by a test without a process of its own.

export type Io = {
  readonly stdout: {
    write(text: string): unknown
    readonly isTTY?: boolean
    readonly columns?: number
  }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  // Only where somebody may press keys.
  readonly stdin?: {
    readonly isTTY?: boolean
    setRawMode?(on: boolean): unknown
    on(event: 'data', listener: (bytes: Buffer) => void): unknown
    off(event: 'data', listener: (bytes: Buffer) => void): unknown
    resume(): unknown
    pause(): unknown
  }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

// One verb of the command line. Exit codes: 0 done, 1 not done (and why on stderr), 2 wrong usage.
export type Command = {
  readonly help: string
  // It has verbs, each with a help of its own.
  readonly hasVerbs?: boolean
  readonly run: (argv: readonly string[], io: Io) => Promise<number>
}
