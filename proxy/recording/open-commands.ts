// Commands that were let go and whose outcome is not recorded yet. After a crash these, and only
// these, are the ones of which nobody knows whether they ran.

export type OpenCommand = { readonly session: string; readonly command: number }

export type OpenCommands = {
  readonly add: (session: string, command: number) => void
  readonly remove: (session: string, command: number) => void
  readonly list: () => readonly OpenCommand[]
}

export function createOpenCommands(initial: readonly OpenCommand[] = []): OpenCommands {
  // Few commands of one session are open at once, so that a short list beats a set.
  const bySession = new Map<string, number[]>()

  const add = (session: string, command: number): void => {
    const found = bySession.get(session)
    if (found === undefined) bySession.set(session, [command])
    else if (!found.includes(command)) found.push(command)
  }
  for (const { session, command } of initial) add(session, command)

  return {
    add,
    remove(session, command) {
      const found = bySession.get(session)
      if (found === undefined) return
      const at = found.indexOf(command)
      if (at < 0) return
      if (found.length === 1) bySession.delete(session)
      else found.splice(at, 1)
    },
    list: () =>
      [...bySession].flatMap(([session, commands]) =>
        commands.map((command) => ({ session, command })),
      ),
  }
}
