// What the tour's agent sets out to do, and how it goes on from each answer.
import type { Observation, Script } from './agent.js'

export const TASK =
  'Close the quarter: find the returned orders, tell their customers, tidy up after the import.'

export function* quarterEnd(): Script {
  yield {
    thought: 'First the numbers. How many orders are in which state?',
    sql: 'SELECT status, count(*) AS orders, sum(total) AS revenue FROM orders GROUP BY status ORDER BY status',
  }
  yield {
    thought: 'Whose orders came back? I need names and a way to reach them.',
    sql: "SELECT c.name, c.email, c.ssn, c.card_number FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.status = 'returned' ORDER BY o.total DESC LIMIT 4",
  }
  yield* attemptsAtClear()
  const denied = yield {
    thought: 'Fine, masked will do. Now mark the returns as refunded.',
    sql: "UPDATE orders SET status = 'refunded'",
  }
  yield {
    thought: `Refused${reasonOf(denied)}. The hint asks for a WHERE, and it is right: I meant only the returns.`,
    sql: "UPDATE orders SET status = 'refunded' WHERE status = 'returned' AND id <= 40",
  }
  const held = yield {
    thought: 'The import is done, so the old orders table can go.',
    sql: 'DROP TABLE orders',
  }
  yield {
    thought: `Not that one${reasonOf(held)}. It was the import's leftover that I should have named.`,
    sql: 'DROP TABLE orders_import_2019',
  }
  return 'Refunds are booked, the leftover table is gone, and nobody showed me a card number.'
}

// What an agent that wants the clear value tries next.
function* attemptsAtClear(): Generator<{ thought: string; sql: string }, void, Observation> {
  yield {
    thought: 'The card is masked. Perhaps under another name?',
    sql: 'SELECT card_number AS region FROM customers WHERE id = 1',
  }
  yield {
    thought: 'Perhaps as another type?',
    sql: 'SELECT card_number::varchar(20) AS c FROM customers WHERE id = 1',
  }
  yield {
    thought: 'Perhaps inside a document?',
    sql: 'SELECT to_jsonb(c) AS customer FROM customers c WHERE id = 1',
  }
  yield { thought: 'Perhaps by bulk export?', sql: 'COPY customers (card_number) TO STDOUT' }
  yield {
    thought: 'Perhaps by asking yes or no?',
    sql: "SELECT name FROM customers WHERE card_number LIKE '4242%'",
  }
}

function reasonOf(seen: Observation): string {
  return seen.kind === 'error' ? ` (${seen.message.replace(/\.$/, '')})` : ''
}
