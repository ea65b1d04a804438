// How the gateway is: each of its parts, which version runs, how far behind the record is, which policies
// decide. Whatever is not well says what it is.
import { useResource } from '../api/resource.js'
import { Loading, Problem } from '../parts/notes.js'
import { PageHead } from '../parts/page-head.js'
import { count, sizeOf } from '../reading/counts.js'
import { onOneLine, printable } from '../reading/printable.js'
import { localTime, shortDuration } from '../reading/spans-of-time.js'
import { now } from '../shell/now.js'

type Part = {
  readonly name: string
  readonly ok: boolean
  readonly detail?: string
  readonly reason?: string
}

type Health = {
  readonly ok?: boolean
  readonly parts?: readonly Part[]
  readonly checks?: readonly Part[]
  readonly [other: string]: unknown
}

export function HealthPage() {
  const { value, problem, loading, again } = useResource<Health>('/api/health', [
    'health',
    'policy',
  ])
  const parts = value?.parts ?? value?.checks ?? []
  const bad = parts.filter(({ ok }) => !ok)
  return (
    <div class="page page-narrow">
      <PageHead title="Health" />
      {problem !== undefined && value === undefined ? (
        <Problem problem={problem} again={again} />
      ) : loading || value === undefined ? (
        <Loading what="the gateway’s health" rows={4} />
      ) : (
        <>
          <p class={`verdict verdict-${bad.length === 0 ? 'allow' : 'deny'}`} role="status">
            <span class={`state state-${bad.length === 0 ? 'good' : 'bad'}`}>
              {bad.length === 0
                ? 'Everything works'
                : `Not well: ${bad.map(({ name }) => onOneLine(name, 40)).join(', ')}`}
            </span>
          </p>
          <div class="grid-cards">
            {parts.map((part) => (
              <section key={part.name} class="card" aria-label={part.name}>
                <div class="card-head">
                  <b>{sentence(part.name)}</b>
                  <span class={`state state-${part.ok ? 'good' : 'bad'}`}>
                    {part.ok ? 'works' : 'fails'}
                  </span>
                </div>
                <p class="muted break">{printable(part.detail ?? part.reason ?? '')}</p>
              </section>
            ))}
            {groups(value).map(([name, pairs]) => (
              <section key={name} class="card" aria-label={name}>
                <h2>{sentence(name)}</h2>
                <dl class="pairs">
                  {pairs.map(([key, text]) => (
                    <div key={key} class="pair">
                      <dt>{sentence(key)}</dt>
                      <dd class="break number">{text}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </>
      )}
    </div>
  )
}

// Whatever else is told, as it is told: newer gateways say more than this page knows.
function groups(
  health: Health,
): readonly (readonly [string, readonly (readonly [string, string])[]])[] {
  const known = new Set(['ready', 'ok', 'parts', 'checks'])
  const rest = Object.entries(health).filter(([name]) => !known.has(name))
  const single = rest.flatMap(([name, value]): (readonly [string, string])[] =>
    typeof value === 'object' && value !== null ? [] : [[name, wordOf(name, value)]],
  )
  const several = rest.flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? [
          [
            name,
            Object.entries(value).map(([key, one]) => [key, wordOf(key, one)] as const),
          ] as const,
        ]
      : [],
  )
  return [...(single.length === 0 ? [] : [['gateway', single] as const]), ...several]
}

function wordOf(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('_ms')) return shortDuration(value * 1000)
  if (typeof value === 'number' && name.endsWith('bytes')) return sizeOf(value)
  if (typeof value === 'number') return count(value)
  if (typeof value === 'string' && name.endsWith('_at'))
    return localTime(Date.parse(value), now.value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object') return printable(JSON.stringify(value))
  return printable(String(value))
}

function sentence(name: string): string {
  const words = printable(name)
    .replace(/_(ms|at)$/, '')
    .replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
