// Typing errors are told from other words.
import t from 'tap'
import { listed, nearest, suggestion } from '../../../../proxy/policies/check/near-miss.js'

const WORDS = ['insert', 'update', 'delete', 'set', 'copy_in']

t.test('the word that was meant is found', async (t) => {
  t.equal(nearest('udpate', WORDS), 'update')
  t.equal(nearest('Update', WORDS), 'update')
  t.equal(nearest('copy-in', WORDS), 'copy_in')
  t.equal(nearest('sets', WORDS), 'set')
})

t.test('another word is not taken for one', async (t) => {
  t.equal(nearest('drop', WORDS), undefined)
  t.equal(nearest('a', WORDS), undefined)
  t.equal(nearest('update', []), undefined)
})

t.test('where none is near, the words that there are are named, but not all of many', async (t) => {
  t.match(suggestion('drop', WORDS), 'it is one of “insert”')
  t.match(listed(Array.from({ length: 20 }, (_, at) => `word${at}`)), 'and 12 more')
})
