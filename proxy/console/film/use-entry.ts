// The full entry of the command on screen. Until it has come, the one before stays, so that the screen
// does not flicker while somebody steps through.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FilmEntry } from './film-answers.js'
import type { FilmStore } from './film-store.js'

export function useEntry(
  store: FilmStore,
  command: number,
  // Changes when rows were loaded anew.
  version: number,
): FilmEntry | undefined {
  const known = command === 0 ? undefined : store.known(command)
  const [, setTurn] = useState(0)
  const last = useRef<FilmEntry | undefined>(undefined)
  useEffect(() => {
    if (command === 0 || known !== undefined) return undefined
    let here = true
    void store
      .entry(command)
      .then(() => {
        if (here) setTurn((turn) => turn + 1)
      })
      // The film itself says what is wrong.
      .catch((problem: unknown) => console.debug(problem))
    return () => {
      here = false
    }
  }, [store, command, known === undefined, version])
  if (known !== undefined) last.current = known
  return known ?? last.current
}
