// Which sample answers which question of the console.
import { APPROVALS, VIEWER } from './sample-answers.js'

export type SampleAnswer = { readonly status: number; readonly value: unknown }

const ok = (value: unknown): SampleAnswer => ({ status: 200, value })
const notFound: SampleAnswer = {
  status: 404,
  value: { status: 404, code: 'not_found', title: 'Not found', detail: 'there is nothing here' },
}

export function answerOf(method: string, url: URL, _body: unknown): SampleAnswer {
  const { pathname: path, searchParams: query } = url
  const [, , kind = '', id = '', verb = ''] = path.split('/')
  switch (kind) {
    case 'me':
      return ok(VIEWER)
    case 'approvals': {
      if (id === '') {
        const all = query.get('status') === 'all'
        return ok({ approvals: APPROVALS.filter(({ status }) => all || status === 'pending') })
      }
      const one = APPROVALS.find((approval) => approval.id === id)
      if (one === undefined) return notFound
      if (method === 'GET') return ok(one)
      return ok({
        ...one,
        status: verb === 'approve' ? 'approved' : 'denied',
        settled_at: new Date().toISOString(),
        settled_by: 'vera',
      })
    }
    default:
      return notFound
  }
}
