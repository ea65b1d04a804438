// The script of the console page, as the browser gets it. Everything that comes from the API is put in as
// text, never as markup; the token stays in this page's memory and is gone when the page is.
export const CONSOLE_SCRIPT = `'use strict'
const $ = (id) => document.getElementById(id)
let token = ''
let shown = ''

const make = (name, className, text) => {
  const element = document.createElement(name)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

const say = (text, bad) => {
  $('said').textContent = text
  $('said').className = bad ? 'bad' : ''
}

const call = async (path, body) => {
  const response = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: 'Bearer ' + token,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    credentials: 'omit',
    cache: 'no-store',
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail || answer.title)
  return answer
}

const left = (instant) => {
  const seconds = Math.max(0, Math.round((Date.parse(instant) - Date.now()) / 1000))
  return seconds >= 120 ? Math.round(seconds / 60) + ' min' : seconds + ' s'
}

const who = ({ name, subject, kind, actor }) => {
  const by = (actor || []).map((one) => one.subject).join(', ')
  return (name || subject) + ' (' + kind + (by ? ', ' + by + ' acting for ' + subject : '') + ')'
}

const effects = (list) =>
  list
    .map(({ op, object, where }) => [op, object, where && 'where: ' + where].filter(Boolean).join(' '))
    .join(' · ')

const card = (request) => {
  const article = make('article')
  article.id = request.id
  const head = make('header')
  head.append(
    make('strong', '', who(request.requester)),
    make('span', '', ' on '),
    make('strong', '', request.target.name + (request.target.database === request.target.name ? '' : '/' + request.target.database)),
  )
  for (const [name, value] of Object.entries(request.target.labels || {})) {
    head.append(make('span', 'label', name + ': ' + value))
  }
  const time = make('time', '', left(request.expires_at) + ' left')
  time.dataset.until = request.expires_at
  head.append(time)
  article.append(head, make('pre', '', request.text))
  for (const rule of request.rules) {
    const line = make('p', 'rule', rule.message + ' ')
    line.append(make('code', '', rule.id))
    article.append(line)
  }
  article.append(make('p', 'effects', effects(request.effects)))
  const given = request.approvals.map((one) => one.name || one.subject)
  if (request.quorum > 1) {
    article.append(make('p', '', given.length + ' of ' + request.quorum + ' approvals' + (given.length ? ': ' + given.join(', ') : '')))
  }
  article.append(make('code', 'command', 'sallyport approvals approve ' + request.id))
  const form = make('form')
  const reason = make('input')
  reason.placeholder = request.reason_required ? 'reason (required)' : 'reason'
  reason.maxLength = 1000
  reason.setAttribute('aria-label', 'reason')
  form.append(reason)
  for (const verb of ['approve', 'deny']) {
    const button = make('button', verb, verb === 'approve' ? 'Approve' : 'Deny')
    button.value = verb
    form.append(button)
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const verb = event.submitter ? event.submitter.value : ''
    if (!verb) return
    for (const button of form.querySelectorAll('button')) button.disabled = true
    try {
      const after = await call('/api/approvals/' + request.id + '/' + verb, { reason: reason.value })
      say(request.id + ': ' + after.status)
    } catch (problem) {
      say(problem.message, true)
    }
    shown = ''
    await refresh(true)
  })
  article.append(form)
  return article
}

const refresh = async (keepWords) => {
  if (!token) return
  try {
    const { approvals } = await call('/api/approvals')
    const now = JSON.stringify(approvals)
    if (now !== shown) {
      shown = now
      const typed = new Map([...document.querySelectorAll('article')].map((one) => [one.id, one.querySelector('input').value]))
      $('list').replaceChildren(...approvals.map(card))
      for (const [id, text] of typed) {
        const input = document.getElementById(id)?.querySelector('input')
        if (input) input.value = text
      }
    }
    $('none').hidden = approvals.length > 0
    if (!keepWords && $('said').className === 'bad') say('')
  } catch (problem) {
    say(problem.message, true)
  }
}

$('who').addEventListener('submit', (event) => {
  event.preventDefault()
  token = $('token').value.trim()
  $('token').value = ''
  $('token').placeholder = 'token taken; paste another to change'
  shown = ''
  say('')
  refresh(true)
})
setInterval(() => refresh(), 3000)
setInterval(() => {
  for (const time of document.querySelectorAll('time')) time.textContent = left(time.dataset.until) + ' left'
}, 1000)
`
