// A report as commands to GitHub's runners: what fails becomes an error on the change, the rest notes.
import { kindTitle, namesText } from './report-words.js'
import {
  failuresOf,
  isAccessGained,
  unmetExpectations,
  type FailOn,
  type Report,
} from './report.js'

const LINES_MAX = 50

export function githubOf(report: Report, failOn: FailOn): string {
  const lines: string[] = []
  for (const comparison of report.comparisons) {
    for (const group of comparison.groups) {
      if (group.expected !== undefined) continue
      const level = isAccessGained(group.direction) && failOn !== 'none' ? 'error' : 'warning'
      const text =
        `${group.count} × ${kindTitle(group)} by ${group.rule} (${comparison.source}); ` +
        `who: ${namesText(group.people)}; object: ${namesText(group.objects)}`
      lines.push(command(level, `${group.direction} access`, text))
    }
  }
  for (const { id, title, count } of report.invariants ?? []) {
    lines.push(command('error', `invariant ${id}`, `${title}: broken ${count} times`))
  }
  for (const { place, why } of unmetExpectations(report)) {
    lines.push(command('warning', 'expected, but did not come', `${place}: ${why}`))
  }
  const shown = lines.slice(0, LINES_MAX)
  for (const text of failuresOf(report, failOn)) shown.push(command('error', report.title, text))
  if (shown.length === 0) {
    shown.push(command('notice', report.title, 'nothing changes that was not expected'))
  }
  return shown.map((line) => `${line}\n`).join('')
}

function command(level: 'error' | 'warning' | 'notice', title: string, text: string): string {
  return `::${level} title=${property(title)}::${data(text)}`
}

// As GitHub's own toolkit escapes them.
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
