// What is posted to Teams: a message with one Adaptive Card 1.5. Words of a request stand in text runs
// alone, which know no Markdown, so that no command can draw a link or a heading of its own.
import type { Notice } from '../notifier.js'
import { headOf, wordsOf, type Words } from './words.js'

type Element = Readonly<Record<string, unknown>>

export function teamsMessage(notice: Notice, gatewayUrl: string): Element {
  const { event, approval } = notice
  const head = headOf(notice)
  const words = wordsOf(approval, gatewayUrl)
  const content =
    event === 'settled'
      ? card(endBody(words, head), [open('Open', words.url)])
      : card(requestBody(words, head), [open('Review: approve or deny', words.url)])
  const contentType = 'application/vnd.microsoft.card.adaptive'
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] }
}

function card(body: readonly Element[], actions: readonly Element[]): Element {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    fallbackText: 'A command waits for approval: open the console.',
    msteams: { width: 'Full' },
    body,
    actions,
  }
}

function requestBody(words: Words, head: string): readonly Element[] {
  return [
    { type: 'TextBlock', text: head, weight: 'Bolder', size: 'Medium', wrap: true },
    paragraph(bold(words.who), run(` ${words.wants} `), bold(words.onTarget)),
    {
      type: 'Container',
      style: 'emphasis',
      items: [paragraph({ ...run(words.command), fontType: 'Monospace' })],
    },
    ...words.why.map((one) => paragraph(run(one))),
    paragraph(bold('May approve: '), run(words.approvers)),
    paragraph(bold('Until: '), run(words.expires)),
    paragraph({ ...run(words.approveWith), fontType: 'Monospace', isSubtle: true }),
  ]
}

function endBody(words: Words, head: string): readonly Element[] {
  return [
    { type: 'TextBlock', text: head, weight: 'Bolder', wrap: true },
    paragraph(bold(words.who), run(' on '), bold(words.onTarget), run(`: ${words.end}`)),
  ]
}

function paragraph(...inlines: readonly Element[]): Element {
  return { type: 'RichTextBlock', inlines }
}

function bold(text: string): Element {
  return { ...run(text), weight: 'Bolder' }
}

// Clients replace {{DATE(…)}} and {{TIME(…)}}, so those are taken apart.
function run(text: string): Element {
  return { type: 'TextRun', text: text.replace(/\{\{(?=(DATE|TIME)\()/gi, '{ {') }
}

function open(title: string, url: string): Element {
  return { type: 'Action.OpenUrl', title, url }
}
