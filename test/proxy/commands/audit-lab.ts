// Runs `sallyport audit` in this process and catches what it prints. Holds no test of its own.
import { run } from '../../../proxy/commands/audit.js'

export async function audit(cwd: string, ...argv: string[]) {
  let stdout = ''
  let stderr = ''
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    cwd,
  })
  return { status, stdout, stderr }
}
