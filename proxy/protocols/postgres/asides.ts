// What a target may send at any time (documentation 55.2.7): notices, changed parameters, notifications.
import { caught } from './net.js'
import { shownReport } from './report-fields.js'
import type { RelayState } from './relay-state.js'
import { say } from './target-writes.js'
import { stringEnd } from './wire-bytes.js'

export function noticePassed(r: RelayState, bytes: Buffer, start: number, end: number): boolean {
  const head = r.expected.head()
  const masks = head?.commands[head.index]?.masks ?? r.masks
  const report = shownReport(bytes, start, end, masks, r.connected.hiddenWords)
  if (report === undefined) r.hostile('a malformed notice')
  else if (r.cut === undefined && head?.internal === undefined) {
    if (report.hits > 0) incident(r, 'notice')
    say(r, report.bytes)
  }
  return false
}

export function parameterPassed(r: RelayState, bytes: Buffer, start: number, end: number): boolean {
  const nameEnd = stringEnd(bytes, start + 5, end)
  if (nameEnd < 0 || stringEnd(bytes, nameEnd + 1, end) !== end - 1) {
    r.hostile('a malformed parameter status')
    return false
  }
  const name = bytes.toString('utf8', start + 5, nameEnd)
  const value = bytes.toString('utf8', nameEnd + 1, end - 1)
  // Statements are read as UTF-8 with standard strings; the target must read them so, too.
  if (
    (name === 'client_encoding' && value !== 'UTF8') ||
    (name === 'standard_conforming_strings' && value !== 'on')
  ) {
    r.fail({ sqlstate: '0A000', message: `${name} = ${value} is not supported by this gateway` })
    return false
  }
  if (name === 'application_name') r.session.application = value
  if (name === 'session_authorization') return false
  return !r.connected.hiddenWords.some((word) => word !== '' && value.includes(word))
}

export function notificationPassed(
  r: RelayState,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const channelEnd = stringEnd(bytes, start + 9, end)
  if (channelEnd < 0 || stringEnd(bytes, channelEnd + 1, end) !== end - 1) {
    r.hostile('a malformed notification')
    return false
  }
  if (caught(bytes, channelEnd + 1, end - 1, r.masks.patterns) > 0) incident(r, 'notification')
  return true
}

function incident(r: RelayState, where: string): void {
  const { onIncident } = r.parts
  onIncident('pattern_caught', r.session.id, r.session.commands, `in a ${where}`)
}
