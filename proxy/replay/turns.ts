// Gives other work its turn: films are read in the process that lets commands pass, and no command should
// wait for one.

const TURN_MS = 4

// To be asked after each piece of work; undefined: go on.
export function createTurns(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < TURN_MS) return undefined
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now()
        resolve()
      }),
    )
  }
}
