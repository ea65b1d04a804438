// What people said about a column: in COMMENT ON COLUMN, and in SECURITY LABEL FOR anon. Texts of theirs are
// read and not repeated: reasons hold words of our own tables alone.
import type { Evidence } from './evidence.js'
import { isKind, type Kind } from './kinds.js'
import { nameEvidence, type TypeFamily } from './name-evidence.js'

const TEXT_LENGTH_MAX = 2000
const LABEL = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$/

// `sallyport: pii, pii.email` names labels; other words say what they say.
export function commentEvidence(comment: string): readonly Evidence[] {
  const text = comment.slice(0, TEXT_LENGTH_MAX)
  const named = /\bsallyport: *([a-z0-9_., ]{1,200})/.exec(text)?.[1]
  const labels = (named ?? '').split(/[ ,]+/).filter((word) => LABEL.test(word))
  if (labels.length > 0) {
    const reason = `its comment names the label${labels.length === 1 ? '' : 's'} ${labels.join(', ')}`
    return [{ kind: 'personal', strength: 'stated', from: 'comment', reason, labels }]
  }
  const found = WORDS.find(({ words }) => words.test(text))
  if (found === undefined || NEGATED.test(text)) return []
  const { kind, called } = found
  return [{ kind, strength: 'medium', from: 'comment', reason: `its comment says ${called}` }]
}

const NEGATED =
  /\b(?:no|not|without|non|kein\w*|ohne|keine)[ -](?:all |any )?(?:pii|personal|sensitive|personen)/i

const WORDS: readonly { readonly kind: Kind; readonly words: RegExp; readonly called: string }[] = [
  { kind: 'personal', words: /\bpii\b/i, called: 'PII' },
  { kind: 'personal', words: /\bgdpr\b|\bdsgvo\b|\brgpd\b/i, called: 'GDPR' },
  { kind: 'personal', words: /\bphi\b|\bhipaa\b/i, called: 'PHI' },
  {
    kind: 'personal',
    words:
      /\bpersonal(?:ly identif\w+| data| information)\b|\bpersonenbezogen|\bdonnées? personnelles?/i,
    called: 'personal data',
  },
  { kind: 'card', words: /\bpci\b|\bcredit card\b|\bcard number/i, called: 'card data' },
  { kind: 'ssn', words: /\bsocial security\b|\bssn\b/i, called: 'social security' },
  { kind: 'secret', words: /\bsecret\b|\bpassword\b|\bcredential/i, called: 'secret' },
  { kind: 'confidential', words: /\bconfidential\b|\bvertraulich\b/i, called: 'confidential' },
  { kind: 'personal', words: /\bsensitive\b/i, called: 'sensitive' },
]

// PostgreSQL Anonymizer: MASKED WITH FUNCTION anon.fake_email(), MASKED WITH VALUE NULL, NOT MASKED.
export function securityLabelEvidence(label: string): readonly Evidence[] {
  if (!/^\s*MASKED\s+WITH\s/i.test(label)) return []
  const named = /^\s*MASKED\s+WITH\s+FUNCTION\s+(?:[\w".]+\.)?([a-z_0-9]{1,63})\s*\(/i.exec(label)
  const name = named?.[1]?.toLowerCase()
  // A function of the extension's is ours to name; somebody's own may be called anything.
  const known = name !== undefined && MASKING.test(name) ? name : undefined
  const kind = known === undefined ? 'personal' : (kindMaskedBy(known) ?? 'personal')
  const by = known === undefined ? '' : ` by ${known}`
  const reason = `a security label for anon masks it${by}`
  return [{ kind, strength: 'stated', from: 'security label', reason }]
}

const MASKING =
  /^(?:dummy|fake|random|partial|pseudo|hash|digest|noise|generalize|lorem_ipsum)(?:_\w+)?$/

function kindMaskedBy(name: string): Kind | undefined {
  const about = name.replace(/^[a-z]+_/, '')
  if (isKind(about)) return about
  const families: readonly TypeFamily[] = ['text', 'date']
  return families
    .map((family) => nameEvidence(about, family, ''))
    .find((found) => found?.clear === true)?.kind
}
