// JUnit XML, as CI servers read it: a suite for each package or file, a case for each test. What XML cannot
// hold is left out of the text.
import { counted, isBad, type Outcome, type TestReport } from './outcome.js'

export function junitText({ outcomes, shortfalls, durationMs }: TestReport): string {
  const suites = new Map<string, Outcome[]>()
  for (const one of outcomes) {
    const known = suites.get(one.suite)
    if (known === undefined) suites.set(one.suite, [one])
    else known.push(one)
  }
  const { failed, differs, skipped } = counted(outcomes)
  const total = {
    name: 'sallyport policy test',
    tests: outcomes.length + shortfalls.length,
    failures: failed + differs + shortfalls.length,
    errors: 0,
    skipped,
    time: seconds(durationMs),
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(total)}>`,
    ...[...suites].flatMap(([name, cases]) => suiteOf(name, cases)),
    ...coverageSuite(shortfalls),
    '</testsuites>',
    '',
  ].join('\n')
}

function suiteOf(name: string, cases: readonly Outcome[]): readonly string[] {
  const { failed, differs, skipped } = counted(cases)
  const time = seconds(cases.reduce((sum, one) => sum + one.durationMs, 0))
  const counts = { tests: cases.length, failures: failed + differs, errors: 0, skipped, time }
  return [
    `  <testsuite${attributes({ name, ...counts })}>`,
    ...cases.flatMap(caseOf),
    '  </testsuite>',
  ]
}

function caseOf(one: Outcome): readonly string[] {
  const { name, suite, file, line, durationMs } = one
  const open = `    <testcase${attributes({ name, classname: suite, file, line, time: seconds(durationMs) })}`
  if (one.verdict === 'skipped') return [`${open}>`, '      <skipped/>', '    </testcase>']
  if (!isBad(one)) {
    const said = one.onlyByOpa === undefined ? undefined : `only by OPA: ${one.onlyByOpa}`
    if (said === undefined) return [`${open}/>`]
    return [`${open}>`, `      <system-out>${escaped(said)}</system-out>`, '    </testcase>']
  }
  const message = one.summary ?? one.details[0] ?? one.verdict
  const text = [`${file}:${line}`, ...one.details].join('\n')
  return [
    `${open}>`,
    `      <failure${attributes({ message, type: one.verdict })}>${escaped(text)}</failure>`,
    '    </testcase>',
  ]
}

function coverageSuite(shortfalls: readonly string[]): readonly string[] {
  if (shortfalls.length === 0) return []
  const count = shortfalls.length
  return [
    `  <testsuite${attributes({ name: 'coverage', tests: count, failures: count, errors: 0 })}>`,
    ...shortfalls.flatMap((line, at) => [
      `    <testcase${attributes({ name: `threshold ${at + 1}`, classname: 'coverage' })}>`,
      `      <failure${attributes({ message: line, type: 'coverage' })}/>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
  ]
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
    .join('')
}

// XML 1.0, §2.2: most control characters may not stand in it even escaped.
function escaped(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff](?![\udc00-\udfff])/g,
      '�',
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
