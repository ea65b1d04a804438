// What people see in Slack, as Block Kit: the request with two buttons, how it ended, and the question for
// a reason. Words of a request stand in rich text alone, which knows no markup, so that no command can
// mention a channel or draw a link.
import type { Notice } from '../notifier.js'
import { headOf, line, wordsOf, type Words } from './words.js'

type Element = Readonly<Record<string, unknown>>

export type SlackMessage = {
  readonly text: string
  readonly blocks: readonly Element[]
}

export function slackMessage(notice: Notice, gatewayUrl: string): SlackMessage {
  const { event, approval } = notice
  const words = wordsOf(approval, gatewayUrl)
  const head = headOf(notice)
  const what = [
    paragraph(bold(words.who), text(` ${words.wants} `), bold(words.onTarget)),
    {
      type: 'rich_text',
      elements: [{ type: 'rich_text_preformatted', elements: [text(words.command)] }],
    },
  ]
  const blocks =
    event === 'settled'
      ? [header(head), ...what, paragraph(bold(words.end)), openButton(words.url)]
      : [header(head), ...what, ...terms(words), buttons(approval.id, words.url)]
  // For notifications and screen readers, as mrkdwn: its three special letters are escaped.
  return { text: escaped(`${head}: ${words.who} on ${words.onTarget}`), blocks }
}

function terms(words: Words): readonly Element[] {
  return [
    ...words.why.map((one) => paragraph(text(one))),
    paragraph(
      bold('May approve: '),
      text(words.approvers),
      text('\n'),
      bold('Until: '),
      text(words.expires),
    ),
  ]
}

function buttons(id: string, url: string): Element {
  return {
    type: 'actions',
    block_id: 'sallyport',
    elements: [
      {
        ...button('approve', 'Approve'),
        value: id,
        style: 'primary',
        confirm: {
          title: plain('Let it run?'),
          text: plain('The command runs at once, one time.'),
          confirm: plain('Approve'),
          deny: plain('Back'),
        },
      },
      { ...button('deny', 'Deny'), value: id, style: 'danger' },
      { ...button('open', 'Open'), url },
    ],
  }
}

function openButton(url: string): Element {
  return { type: 'actions', elements: [{ ...button('open', 'Open'), url }] }
}

// The modal that asks for a reason; what it is about travels with it, and Slack signs it on its way back.
export function slackReason(verb: 'approve' | 'deny', id: string, required: boolean): Element {
  const word = verb === 'approve' ? 'Approve' : 'Deny'
  return {
    type: 'modal',
    callback_id: verb,
    private_metadata: id,
    title: plain(`${word} request`),
    submit: plain(word),
    close: plain('Back'),
    blocks: [
      {
        type: 'input',
        block_id: 'reason',
        optional: !required,
        label: plain(`Reason (request ${id})`),
        element: { type: 'plain_text_input', action_id: 'reason', max_length: 1_000 },
      },
    ],
  }
}

// A word to one person.
export function slackWord(said: string): SlackMessage {
  return { text: escaped(line(said)), blocks: [paragraph(text(line(said)))] }
}

function header(said: string): Element {
  return { type: 'header', text: plain(said) }
}

function paragraph(...elements: readonly Element[]): Element {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }
}

// An empty text is none that Slack takes.
function text(said: string): Element {
  return { type: 'text', text: said === '' ? ' ' : said }
}

function bold(said: string): Element {
  return { ...text(said), style: { bold: true } }
}

function button(action: string, said: string): Element {
  return { type: 'button', action_id: action, text: plain(said) }
}

function plain(said: string): Element {
  return { type: 'plain_text', text: said, emoji: false }
}

function escaped(said: string): string {
  return said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
