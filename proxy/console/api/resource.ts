// Something that the gateway has, as a page needs it: loading, there, or not to be had and why. It is
// asked for again when news of its topics arrive; until then what is shown stays, so that nothing jumps.
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, ApiProblem } from './call.js'
import { news, type Topic } from './live.js'

export type Resource<Value> = {
  readonly value?: Value
  // With a value: it could not be refreshed.
  readonly problem?: ApiProblem
  readonly loading: boolean
  readonly again: () => void
}

// Many events in a row make one question.
const SETTLE_MS = 150

export function useResource<Value>(
  path: string | undefined,
  topics: readonly Topic[] = [],
  // News about others are not news here.
  only?: string,
): Resource<Value> {
  const [state, setState] = useState<{
    readonly path: string | undefined
    readonly value?: Value
    readonly problem?: ApiProblem
  }>({ path })
  const [turn, setTurn] = useState(0)
  const asked = useRef<string | undefined>(undefined)

  useEffect(() => {
    if (path === undefined) return undefined
    const stop = new AbortController()
    asked.current = path
    call<Value>(path, { signal: stop.signal })
      .then((value) => setState({ path, value }))
      .catch((problem: unknown) => {
        if (stop.signal.aborted) return
        const known = problem instanceof ApiProblem ? problem : unexpected(problem)
        setState((old) =>
          old.path === path ? { ...old, problem: known } : { path, problem: known },
        )
      })
    return () => stop.abort()
  }, [path, turn])

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stops = topics.map((topic) => {
      const { count } = news[topic].peek()
      return news[topic].subscribe(({ count: now, id }) => {
        if (now === count || (only !== undefined && id !== '' && id !== only)) return
        clearTimeout(timer)
        timer = setTimeout(() => setTurn((old) => old + 1), SETTLE_MS)
      })
    })
    return () => {
      clearTimeout(timer)
      for (const stop of stops) stop()
    }
  }, [topics.join(), only])

  const current = state.path === path ? state : { path }
  return {
    ...('value' in current && current.value !== undefined ? { value: current.value } : {}),
    ...('problem' in current && current.problem !== undefined ? { problem: current.problem } : {}),
    loading: path !== undefined && current.value === undefined && current.problem === undefined,
    again: () => setTurn((old) => old + 1),
  }
}

function unexpected(problem: unknown): ApiProblem {
  return new ApiProblem(0, 'unexpected', `The answer could not be used: ${String(problem)}`)
}
