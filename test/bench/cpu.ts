// CPU time of a process so far, user and system together: what a comparison on a busy machine can lean
// on. Linux only (proc(5), /proc/PID/stat, fields 14 and 15, in hundredths of a second).
import { readFileSync } from 'node:fs'

export function cpuSeconds(pid: number | undefined): number | undefined {
  if (pid === undefined || pid === 0) return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name and may hold anything, blanks and brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}
