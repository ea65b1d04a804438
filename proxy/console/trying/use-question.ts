// A question to the policies and its answer: asked when somebody asks, and when an address that holds one
// is opened. What is typed meanwhile changes nothing that is shown.
import { useEffect, useState } from 'preact/hooks'
import type { TargetLine } from '../api/answers.js'
import { ApiProblem, call } from '../api/call.js'
import { useResource, type Resource } from '../api/resource.js'
import { hashOf, questionIn, type Question } from './question.js'

export type Asking<Answer> = {
  readonly question: Question
  readonly change: (question: Question) => void
  readonly ask: () => void
  readonly targets: readonly TargetLine[]
  readonly targetsResource: Resource<unknown>
  readonly busy: boolean
  readonly answer: Answer | undefined
  readonly problem: ApiProblem | undefined
}

export function useQuestion<Answer>(
  path: string,
  bodyOf: (question: Question) => object,
): Asking<Answer> {
  const resource = useResource<{ readonly targets: readonly TargetLine[] }>('/api/targets')
  const targets = resource.value?.targets ?? []
  const [typed, setTyped] = useState<Question>(() => questionIn(location.hash))
  const [asked, setAsked] = useState<Question | undefined>(() => shared())
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<Answer>()
  const [problem, setProblem] = useState<ApiProblem>()
  const first = targets[0]?.name ?? ''
  const named = (one: Question): Question => (one.target === '' ? { ...one, target: first } : one)

  useEffect(() => {
    const again = (): void => {
      setTyped(questionIn(location.hash))
      setAsked(shared())
    }
    addEventListener('hashchange', again)
    return () => removeEventListener('hashchange', again)
  }, [])

  useEffect(() => {
    if (asked === undefined) return undefined
    const question = named(asked)
    if (question.target === '') return undefined
    const stop = new AbortController()
    setBusy(true)
    call<Answer>(path, { method: 'POST', body: bodyOf(question), signal: stop.signal })
      .then((value) => {
        setAnswer(value)
        setProblem(undefined)
      })
      .catch((wrong: unknown) => {
        if (stop.signal.aborted) return
        setProblem(wrong instanceof ApiProblem ? wrong : new ApiProblem(0, '', String(wrong)))
      })
      .finally(() => {
        if (!stop.signal.aborted) setBusy(false)
      })
    return () => stop.abort()
  }, [asked, first])

  return {
    question: named(typed),
    change: setTyped,
    ask: () => {
      if (typed.sql.trim() === '') return
      const question = named(typed)
      history.replaceState(null, '', hashOf(question))
      setAsked({ ...question })
    },
    targets,
    targetsResource: resource,
    busy,
    answer,
    problem,
  }
}

function shared(): Question | undefined {
  const question = questionIn(location.hash)
  return question.sql.trim() === '' ? undefined : question
}
