// A PostgreSQL of a hundred lines, for the relay's fuzz: it keeps the protocol's rules (documentation
// 55.2), what is skipped up to Sync above all, and answers with nothing in it. It notes every text that
// it was given to run.
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { field } from '../proxy/protocols/postgres/relay-by-hand.js'

const NAMES = [field('["pg_catalog","public"]'), field('x')] as const

export class ModelTarget {
  readonly ran: string[] = []
  readonly #statements = new Map<string, string>()
  readonly #portals = new Map<string, string>()
  #skipping = false
  #status = 'I'

  // Whole messages in, what a server says to them out.
  answers(bytes: Buffer): Buffer {
    const out: Buffer[] = []
    let at = 0
    while (at < bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (end > bytes.length) throw new Error('half a message was sent')
      out.push(...this.#answer(String.fromCharCode(bytes[at] ?? 0), bytes.subarray(at + 5, end)))
      at = end
    }
    return Buffer.concat(out)
  }

  #answer(type: string, body: Buffer): readonly Buffer[] {
    if (type === 'S') {
      this.#skipping = false
      return [this.#ready()]
    }
    if ('dcfHX'.includes(type) || this.#skipping) return []
    const [first = '', second = ''] = body.toString('utf8').split('\0')
    switch (type) {
      case 'Q':
        return this.#query(first)
      case 'P':
        if (second.startsWith('REFUSED') || (first !== '' && this.#statements.has(first))) {
          return this.#fail()
        }
        this.#statements.set(first, second)
        return [message('1')]
      case 'B': {
        const text = this.#statements.get(second)
        if (text === undefined || (first !== '' && this.#portals.has(first))) return this.#fail()
        this.#portals.set(first, text)
        return [message('2')]
      }
      case 'D': {
        const name = first.slice(1)
        const known = first.startsWith('S') ? this.#statements : this.#portals
        if (!known.has(name)) return this.#fail()
        return first.startsWith('S') ? [message('t', 0), message('n')] : [message('n')]
      }
      case 'E':
        return this.#execute(first)
      case 'C':
        if (first.startsWith('S')) this.#statements.delete(first.slice(1))
        else this.#portals.delete(first.slice(1))
        return [message('3')]
      default:
        throw new Error(`a message of type ${type} was sent`)
    }
  }

  #query(text: string): readonly Buffer[] {
    this.#statements.delete('')
    this.#portals.delete('')
    if (text.startsWith('REFUSED')) {
      if (this.#status === 'T') this.#status = 'E'
      return [ERROR, this.#ready()]
    }
    const statements = text.split(';').filter((one) => one.trim() !== '')
    if (statements.length === 0) return [message('I'), this.#ready()]
    const out: Buffer[] = []
    for (const one of statements) {
      if (this.#status === 'E' && one !== 'rollback' && one !== 'commit') {
        out.push(ERROR)
        break
      }
      out.push(this.#run(one))
    }
    return [...out, this.#ready()]
  }

  #execute(name: string): readonly Buffer[] {
    const text = this.#portals.get(name)
    if (text === undefined) return this.#fail()
    if (text.includes('current_schemas'))
      return [message('D', 2, ...NAMES), message('C', 'SELECT 1')]
    if (text === '') return [message('I')]
    if (this.#status === 'E' && text !== 'rollback' && text !== 'commit') return this.#fail()
    return [this.#run(text)]
  }

  #run(text: string): Buffer {
    this.ran.push(text)
    if (text === 'begin') this.#status = 'T'
    if (text === 'commit' || text === 'rollback') this.#status = 'I'
    return message('C', 'X')
  }

  #fail(): readonly Buffer[] {
    this.#skipping = true
    if (this.#status === 'T') this.#status = 'E'
    return [ERROR]
  }

  #ready(): Buffer {
    if (this.#status === 'I') this.#portals.clear()
    return message('Z', Buffer.from(this.#status))
  }
}

const ERROR = message('E', 'SERROR', 'VERROR', 'C42601', 'Mno', Buffer.alloc(1))
