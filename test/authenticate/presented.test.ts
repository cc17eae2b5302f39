/** Which of the values sent is the key. */
import { expect, it } from 'vitest'
import { presentedKey } from '../../src/authenticate/presented.ts'

const one = (text: string) => ({ kind: 'one', text })
const none = { kind: 'none' }
const several = { kind: 'several' }

it.each([
  [null, null, none],
  ['', '', none],
  ['Bearer slc_a', null, one('slc_a')],
  ['bearer slc_a', null, one('slc_a')],
  ['BEARER   slc_a ', null, one('slc_a')],
  [null, 'slc_a', one('slc_a')],
  [null, ' slc_a ', one('slc_a')],
  ['Bearer sk-other', 'slc_a', one('slc_a')],
  ['Bearer slc_a', 'sk-other', one('slc_a')],
  ['Bearer sk-other, Bearer slc_a', null, one('slc_a')],
  [null, 'sk-other,slc_a', one('slc_a')],
  ['Bearer slc_a', 'slc_a', one('slc_a')],
  [null, 'slc_a, slc_a', one('slc_a')],
  ['Bearer slc_a', 'slc_b', several],
  ['Bearer slc_a, Bearer slc_b', null, several],
  [null, 'slc_a,slc_b', several],
  ['Bearer sk-other', null, none],
  ['Basic slc_a', null, none],
  ['slc_a', null, none],
  ['Bearerslc_a', null, none],
  ['Bearer slc_a slc_b', null, none],
  ['Bearer', null, none],
  [null, 'Bearer slc_a', none],
  [null, 'SLC_a', none],
])('authorization %j and x-api-key %j', (authorization, apiKey, expected) => {
  expect(presentedKey({ authorization, apiKey })).toEqual(expected)
})
