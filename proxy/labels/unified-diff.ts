// Lines that were put into a text, as a unified diff that `git apply` and `patch` take.

const CONTEXT = 3

// `after` must be `before` with lines added at one place, and at most one line changed there.
export function unifiedDiff(file: string, before: string | undefined, after: string): string {
  if (before === after) return ''
  const old = linesOf(before ?? '')
  const now = linesOf(after)
  let same = 0
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1
  let behind = 0
  while (
    behind < old.length - same &&
    behind < now.length - same &&
    old[old.length - 1 - behind] === now[now.length - 1 - behind]
  ) {
    behind += 1
  }
  const first = Math.max(0, same - CONTEXT)
  const after3 = Math.min(CONTEXT, behind)
  const removed = old.slice(same, old.length - behind)
  const added = now.slice(same, now.length - behind)
  const lead = old.slice(first, same)
  const tail = old.slice(old.length - behind, old.length - behind + after3)
  const sizes = [removed, added].map(({ length }) => lead.length + length + tail.length)
  const [oldSize = 0, newSize = 0] = sizes
  const from = oldSize === 0 ? 0 : first + 1
  const body = [
    ...lead.map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ]
  const source = before === undefined ? '/dev/null' : `a/${file}`
  return `--- ${source}\n+++ b/${file}\n@@ -${from},${oldSize} +${first + 1},${newSize} @@\n${body.map(printed).join('')}`
}

// Each line with its end, so that a last one without is another line.
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function printed(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`
}
