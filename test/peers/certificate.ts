// A certificate of a test's own, with its key, both as PEM: it names localhost and vouches for itself.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Certificate = { readonly certificate: string; readonly key: string }

export function selfMadeCertificate(kind: 'ec' | 'rsa' = 'ec', digest = 'sha256'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-certificate-'))
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const form = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : ['rsa:2048']
  try {
    execFileSync(
      'openssl',
      [
        ['req', '-x509', `-${digest}`, '-newkey', ...form, '-nodes', '-days', '2'],
        ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ['-keyout', key, '-out', certificate],
      ].flat(),
      { stdio: 'ignore' },
    )
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
