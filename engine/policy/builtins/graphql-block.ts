// Block strings of GraphQL as gqlparser takes their indentation away: of all lines, the first one too.
import type { StringValueNode } from 'graphql'

export function blockText(node: StringValueNode): string {
  const { block, loc, value } = node
  if (block !== true || loc === undefined) return value
  const raw = loc.source.body
    .slice(loc.start + 3, loc.end - 3)
    .replaceAll('\\"""', '"""')
    .replace(/\r\n?/g, '\n')
  const lines = raw.split('\n')
  const indents = lines.filter((line) => /[^ \t]/.test(line)).map(leading)
  const common = Math.min(...indents)
  const cut = lines.map((line, at) =>
    at === 0 || !Number.isFinite(common) ? line : line.slice(Math.min(common, line.length)),
  )
  const isBlank = (line: string): boolean => /^[ \t]*$/.test(line)
  const start = cut.findIndex((line) => !isBlank(line))
  if (start < 0) return ''
  return cut.slice(start, cut.findLastIndex((line) => !isBlank(line)) + 1).join('\n')
}

function leading(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0
}
