// Which sample answers which question of the console.
import { APPROVALS, DELEGATIONS, GRANTS, HITS, VIEWER } from './sample-answers.js'
import { DIFF, HEALTH, POLICY, RULES, SHADOW, TARGETS, TRIED, WHO_CAN } from './sample-policies.js'
import { filmPage, SESSIONS } from './sample-film.js'

export type SampleAnswer = { readonly status: number; readonly value: unknown }

const ok = (value: unknown): SampleAnswer => ({ status: 200, value })
const notFound: SampleAnswer = {
  status: 404,
  value: { status: 404, code: 'not_found', title: 'Not found', detail: 'there is nothing here' },
}

export function answerOf(
  method: string,
  url: URL,
  _body: unknown,
  settled: ReadonlySet<string>,
): SampleAnswer {
  const { pathname: path, searchParams: query } = url
  const [, , kind = '', id = '', verb = ''] = path.split('/')
  switch (kind) {
    case 'me':
      return ok(VIEWER)
    case 'approvals': {
      if (id === '') {
        const all = query.get('status') === 'all'
        return ok({
          approvals: APPROVALS.filter(
            ({ id: one, status }) => all || (status === 'pending' && !settled.has(one)),
          ),
        })
      }
      if (id === 'BR0KEN00') return ok({ id, approvals: 7 })
      const one = APPROVALS.find((approval) => approval.id === id)
      if (one === undefined) return notFound
      if (verb === 'before') return ok({ before: one.before })
      const { before: _, ...view } = one
      if (method === 'GET') return ok(view)
      if (id === 'K7RB2M9X') {
        const detail = 'the policies want a sign-in that is fresh'
        return { status: 403, value: { status: 403, code: 'step_up_required', detail } }
      }
      return ok({
        ...view,
        status: verb === 'approve' ? 'approved' : 'denied',
        settled_at: new Date().toISOString(),
        settled_by: 'vera',
      })
    }
    case 'sessions': {
      if (id === '') {
        const state = query.get('state') ?? 'all'
        const [person, target] = [query.get('person') ?? '', query.get('target') ?? '']
        const sessions = SESSIONS.filter(
          (one) =>
            (state === 'all' || (state === 'live') === one.live) &&
            `${one.name} ${one.subject}`.includes(person) &&
            one.target.includes(target),
        )
        return ok({ sessions, complete: true })
      }
      const session = SESSIONS.find((one) => one.id === id)
      if (session === undefined) return notFound
      if (verb === 'film') return ok(filmPage(id, query))
      return ok({ ...session, identity: {}, may: { watch: true, end: true } })
    }
    case 'search':
      return ok({
        hits: query.get('q') === 'nothing' ? [] : HITS,
        total_at_least: 3,
        took_ms: 41.7,
      })
    case 'policy':
      return policyAnswer(id)
    case 'grants':
      return ok({ grants: GRANTS })
    case 'delegations':
      return ok({ delegations: DELEGATIONS })
    case 'targets':
      return ok(TARGETS)
    case 'health':
      return ok(HEALTH)
    case 'try':
      return ok(TRIED)
    case 'who-can':
      return ok(WHO_CAN)
    default:
      return notFound
  }
}

function policyAnswer(what: string): SampleAnswer {
  switch (what) {
    case '':
      return ok(POLICY)
    case 'rules':
      return ok(RULES)
    case 'shadow':
      return ok(SHADOW)
    case 'diff':
      return ok(DIFF)
    default:
      return notFound
  }
}
