/** The gate of semantic recall: the asker's own affairs, this moment, and what only looks like either. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { semanticGate } from '../../../src/core/semantic/gate.ts'

describe('personal', () => {
  it.each([
    'what is my account balance',
    'Where is my order?',
    'cancel our latest subscription payment',
    "what's the status of my last refund",
    'how much do i owe on it',
    'is this account of mine closed',
    'send it to jane.doe+shop@example.co.uk',
    'call me at +1 (555) 010-9999',
    'my name is on 555-010-9999',
    'track 123456',
    'what about 4111 1111 1111 1111',
    'look up 123e4567-e89b-12d3-a456-426614174000',
    'is DE89 3704 0044 0532 0130 00 valid',
    'find ord9a8b7c6d5e',
    '我的订单到哪了',
    '我的账户余额',
    '我的信用卡额度是多少',
    '我還欠你們多少',
    '发到test@example.com可以吗',
    '查询１２３４５６７',
  ])('%s', (question) => {
    expect(semanticGate(question)).toBe('personal')
  })
})

describe('time', () => {
  it.each([
    'what should i do now',
    'Is the shop open today?',
    'will it rain tomorrow',
    "who won yesterday's match",
    'latest iphone',
    'who is the current president',
    'recent papers on sleep',
    'is there a fair this weekend',
    'weather in oslo',
    'bitcoin price',
    'prices of eggs',
    'apple stock',
    'news about mars',
    'what was the score',
    'live scores please',
    'what time is it',
    '今天营业吗',
    '现在几点',
    '北京天气怎么样',
    '比特币價格',
    '最新的手机是什么',
    '苹果股价',
    '最近有什么新闻',
    '请问bitcoin price多少',
  ])('%s', (question) => {
    expect(semanticGate(question)).toBe('time')
  })
})

describe('neither', () => {
  it.each([
    'how do i reset my password',
    'what is the return policy',
    'do you know shakespeare',
    'what is knowledge',
    'where do you live in summer',
    'how does alternating current work',
    'what is the currency of japan',
    'how do i improve a credit score',
    'is a priceless painting insured',
    'how do newsletters work',
    'what is pi, 3.14159265',
    'what happened in 1990 and 2000',
    'what is 1,000,000 divided by 7',
    'myopia of orders',
    'what is an economy of scale',
    'restocking shelves',
    '怎么重置密码',
    '法国的首都是哪里',
    '英语现在完成时怎么用',
    '怎么打开当前目录',
    '',
  ])('%s', (question) => {
    expect(semanticGate(question)).toBeNull()
  })
})

it('never throws, whatever is asked', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (question) => {
      expect(['personal', 'time', null]).toContain(semanticGate(question))
    }),
  )
})

it.each(['1', 'a1', 'a@', '1 ', '1-', 'my ', 'my a ', 'how much ', '我的', '+1', 'a.', 'de89 '])(
  'is quick with nothing but %j',
  (piece) => {
    const started = process.cpuUsage()
    semanticGate(piece.repeat(2000).slice(0, 2000))
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(400)
  },
)
