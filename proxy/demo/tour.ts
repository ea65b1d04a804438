// The tour: the agent at work, as it happens, and an approver on a second connection who settles each
// hold after a few seconds, so that nobody is left waiting.
import { runAgent, type Observation, type Show } from './agent.js'
import type { Paint, Screen } from './screen.js'
import { quarterEnd, TASK } from './script.js'

export type TourPlaces = {
  readonly host: string
  readonly port: number
  readonly webUrl: string
  readonly token: (name: string) => Promise<string>
}

const APPROVER_LOOKS_EVERY_MS = 400
const APPROVER_THINKS_MS = 2500
const ROWS_SHOWN = 5

export async function playTour(screen: Screen, places: TourPlaces): Promise<void> {
  screen.title(`The agent's task: ${TASK}`)
  const password = await places.token('agent')
  const approver = startApprover(screen, places, await places.token('approver'))
  try {
    const { host, port } = places
    const connection = {
      host,
      port,
      user: 'agent',
      password,
      database: 'shop',
      application_name: 'tour',
    }
    await runAgent(connection, quarterEnd(), showOn(screen))
  } finally {
    approver.stop()
  }
}

function showOn(screen: Screen): Show {
  const { line, paint } = screen
  return {
    thought: (text) => line(`\n${paint.blue('thought ')} ${text}`),
    action: (sql) => line(`${paint.bold('action  ')} ${sql}`),
    notice: (text) => line(indented(paint.yellow('held    '), text)),
    observation: (seen) => line(observationText(seen, paint)),
    end: (text) => line(`\n${paint.green('done    ')} ${text}`),
  }
}

function observationText(seen: Observation, paint: Paint): string {
  if (seen.kind === 'error') {
    const parts = [`ERROR ${seen.code}: ${seen.message}`]
    if (seen.detail !== '') parts.push(`DETAIL: ${seen.detail}`)
    if (seen.hint !== '') parts.push(`HINT: ${seen.hint}`)
    return indented(paint.red('observes'), parts.join('\n'))
  }
  if (seen.columns.length === 0) return indented(paint.green('observes'), seen.tag)
  const rows = seen.rows.slice(0, ROWS_SHOWN).map((row) => row.join('  '))
  const more = seen.rows.length > ROWS_SHOWN ? [`… ${seen.rows.length - ROWS_SHOWN} more`] : []
  return indented(
    paint.green('observes'),
    [paint.dim(seen.columns.join('  ')), ...rows, ...more].join('\n'),
  )
}

function indented(label: string, text: string): string {
  const [first = '', ...rest] = text.split('\n')
  return [`${label} ${first}`, ...rest.map((line) => `         ${line}`)].join('\n')
}

type Pending = { readonly id: string; readonly text: string }

// Decides as a careful person would: a table of the business stays, a leftover may go.
function startApprover(screen: Screen, places: TourPlaces, token: string): { stop: () => void } {
  const seen = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()
  const look = async (): Promise<void> => {
    for (const hold of await pendingHolds(places.webUrl, token)) {
      if (seen.has(hold.id)) continue
      seen.add(hold.id)
      timers.add(
        setTimeout(() => void settle(screen, places.webUrl, token, hold), APPROVER_THINKS_MS),
      )
    }
  }
  const timer = setInterval(() => void look().catch(() => undefined), APPROVER_LOOKS_EVERY_MS)
  return {
    stop: () => {
      clearInterval(timer)
      for (const waiting of timers) clearTimeout(waiting)
    },
  }
}

async function pendingHolds(url: string, token: string): Promise<readonly Pending[]> {
  const answer = await fetch(`${url}/api/approvals`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const body: unknown = await answer.json()
  const list: unknown =
    typeof body === 'object' && body !== null && 'approvals' in body ? body.approvals : body
  return Array.isArray(list) ? (list as readonly Pending[]) : []
}

async function settle(screen: Screen, url: string, token: string, hold: Pending): Promise<void> {
  const keep = !/import/.test(hold.text)
  const verb = keep ? 'deny' : 'approve'
  const reason = keep
    ? 'orders is the live table; you probably mean the leftover of the import'
    : 'the leftover of the 2019 import; checked that it is empty'
  screen.line(
    `${screen.paint.yellow('approver')} sallyport approvals ${verb} ${hold.id} --reason '${reason}'`,
  )
  const answer = await fetch(`${url}/api/approvals/${hold.id}/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason }),
  })
  if (!answer.ok) screen.line(`${screen.paint.red('approver')} was refused: ${await answer.text()}`)
}
