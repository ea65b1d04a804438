// Whether what a configuration points to is there: secrets, certificates, files.
import { X509Certificate } from 'node:crypto'
import { accessSync, constants, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PathSteps } from '../yaml-document.js'
import { reasonOf, secretOf, type SecretSources } from './secrets.js'

export type Report = (path: PathSteps, found: string, allowed: string) => void

export type Surroundings = SecretSources & { readonly report: Report }

export function checkSecret(
  path: PathSteps,
  reference: string,
  around: Surroundings,
): string | undefined {
  try {
    return secretOf(reference, around).reveal()
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : 'a reference that leads nowhere'
    around.report(path, found, 'env:NAME of a variable that is set, or file:/path of a file')
    return undefined
  }
}

// The first certificate of the file.
export function checkCertificate(
  path: PathSteps,
  file: string,
  around: Surroundings,
): X509Certificate | undefined {
  const allowed = 'a file of certificates in PEM form'
  let bytes: Buffer
  try {
    bytes = readFileSync(resolve(around.directory, file))
  } catch (cause) {
    around.report(path, `a file that cannot be read (${reasonOf(cause)})`, allowed)
    return undefined
  }
  try {
    return new X509Certificate(bytes)
  } catch {
    around.report(path, 'a file without a certificate', allowed)
    return undefined
  }
}

export function checkExists(path: PathSteps, place: string, around: Surroundings): void {
  try {
    accessSync(resolve(around.directory, place), constants.R_OK)
  } catch (cause) {
    const allowed = 'a folder of Rego, or a bundle.tar.gz'
    around.report(path, `a path that cannot be read (${reasonOf(cause)})`, allowed)
  }
}
