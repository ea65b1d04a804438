// A page that fails takes nothing else with it: what went wrong is said in its place, and the next address
// begins anew.
import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { ApiProblem } from '../api/call.js'
import { Problem } from '../parts/notes.js'

export function PageGuard({ children }: { readonly children: ComponentChildren }) {
  const [problem, again] = useErrorBoundary((wrong: unknown) => console.error(wrong))
  if (problem === undefined) return <>{children}</>
  return (
    <div class="page page-narrow">
      <h1>This page has a fault</h1>
      <Problem problem={new ApiProblem(-1, 'fault', String(problem))} again={again} />
    </div>
  )
}
