// What a message to people says about a request, in plain text: each channel escapes it in its own way.
// Nothing in it can forge a line, turn text around or leave a header: control and formatting characters
// are shown as �, and what is too long is cut with a word about where all of it is.
import { peopleInWords } from '../../../engine/schemas/approval-terms.js'
import type { ApprovalView } from '../approval-view.js'
import type { Notice } from '../notifier.js'
import { NOTICE_LIMITS } from './limits.js'

export type Words = {
  readonly who: string
  // What they want of the target: `wants to run on`.
  readonly wants: string
  readonly onTarget: string
  // Lines of the command, with protected literals replaced long before.
  readonly command: string
  readonly why: readonly string[]
  readonly approvers: string
  readonly expires: string
  readonly url: string
  readonly approveWith: string
  readonly denyWith: string
  // How it ended, once it has.
  readonly end: string
}

// What happened, in three words; an emergency is told as one.
export function headOf({ event, approval }: Notice): string {
  const loud = approval.access?.break_glass === true ? 'BREAK GLASS: ' : ''
  return `${loud}${HEADS[event]}`
}

const HEADS: Readonly<Record<Notice['event'], string>> = {
  requested: 'Approval wanted',
  escalated: 'Approval still wanted',
  settled: 'Approval settled',
}

export function wordsOf(approval: ApprovalView, gatewayUrl: string): Words {
  const { id, requester, target, rules, access, consequence } = approval
  const name = requester.name === '' ? requester.subject : requester.name
  const actors = requester.actor.map(({ subject }) => subject).join(', ')
  const acting = actors === '' ? '' : `, ${actors} acting for ${requester.subject}`
  const database = target.database === target.name ? '' : `/${target.database}`
  const labels = Object.entries(target.labels).map(([label, value]) => `${label}: ${value}`)
  return {
    who: line(`${name} (${requester.kind}${acting})`),
    wants: access === undefined ? 'wants to run on' : 'wants access to',
    onTarget: line(
      `${target.name}${database}${labels.length === 0 ? '' : ` (${labels.join(', ')})`}`,
    ),
    command: block(approval.text),
    why: [
      ...rules
        .slice(0, NOTICE_LIMITS.rules)
        .map(({ id: rule, message }) => line(`${message} [${rule}]`)),
      ...(consequence === undefined ? [] : [line(`Beforehand: ${consequence.summary}`)]),
    ],
    approvers: line(approversOf(approval)),
    expires: `${approval.expires_at.slice(0, 16).replace('T', ' ')} UTC`,
    url: `${gatewayUrl}/#${id}`,
    approveWith: `sallyport approvals approve ${id}`,
    denyWith: `sallyport approvals deny ${id}`,
    end: line(endOf(approval)),
  }
}

function approversOf({ groups, approvers, quorum, escalation }: ApprovalView): string {
  const later = escalation?.at === undefined ? '' : `, or of ${escalation.to.join(' or ')}`
  if (groups.length > 1) return `${peopleInWords(groups)}${later}`
  const who = approvers.join(' or ')
  return `${quorum > 1 ? `${quorum} members of` : 'a member of'} ${who}${later}`
}

const ENDS: Readonly<Record<ApprovalView['status'], string>> = {
  pending: 'waits',
  approved: 'approved',
  used: 'approved',
  denied: 'denied',
  expired: 'expired: nobody answered in time',
  void: 'no longer wanted',
}

function endOf({ status, settled_by: by, reason, approvals }: ApprovalView): string {
  const people = by ?? approvals.map(({ name, subject }) => name || subject).join(', ')
  const said =
    reason ??
    approvals
      .map((one) => one.reason)
      .filter(Boolean)
      .join('; ')
  return `${ENDS[status]}${people === '' ? '' : ` by ${people}`}${said === '' ? '' : `: ${said}`}`
}

export function line(text: string): string {
  return cut(visible(text).replace(/[\n\t]/g, ' '), NOTICE_LIMITS.lineCharacters, '…')
}

function block(text: string): string {
  const more = '\n… (the rest is in the console)'
  return cut(visible(text.replace(/\r\n?/g, '\n')), NOTICE_LIMITS.textCharacters, more)
}

// Unicode: control, format (among them the bidirectional ones), unpaired surrogates, private use, and the
// separators of lines and paragraphs.
function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '\uFFFD')
}

// By characters, so that no pair of surrogates is torn.
function cut(text: string, most: number, more: string): string {
  if (text.length <= most) return text
  return `${[...text.slice(0, most)].slice(0, -1).join('')}${more}`
}
