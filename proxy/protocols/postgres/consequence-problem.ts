// Why a look at a target came to nothing, in words that are fit for approvers: SQLSTATEs say enough, and
// the target's messages may quote values.
const WORDS: ReadonlyMap<string, string> = new Map([
  ['57014', 'it took too long'],
  ['55P03', 'somebody else has it locked'],
  ['42501', 'the account may not'],
])

export function codeOf(problem: unknown): string {
  const code =
    typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : undefined
  if (typeof code !== 'string') return 'the target did not answer'
  return WORDS.get(code) ?? (/^[A-Z0-9_]{5,20}$/.test(code) ? code : 'the target did not answer')
}
