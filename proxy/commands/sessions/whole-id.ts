// A session by the first letters of its id, or by `latest`.
import { GatewayError } from '../../errors.js'
import { recordedSessions } from '../../recording/recorded-sessions.js'

export async function wholeId(place: string, id: string): Promise<string | undefined> {
  const all = await recordedSessions(place)
  if (id === 'latest') return all.filter(({ commands }) => commands > 0).at(-1)?.session
  const found = all.filter(({ session }) => session.startsWith(id))
  const exact = found.find(({ session }) => session === id)
  if (exact !== undefined) return exact.session
  if (found.length > 1) {
    throw new GatewayError('not_found', `${found.length} sessions begin with ${id}`)
  }
  return found[0]?.session
}
