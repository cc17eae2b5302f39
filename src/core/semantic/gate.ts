/** Which questions are never recalled by meaning: those about the asker's own affairs, and those about this moment. No I/O. */
import { normalised } from './guards/normal.ts'

/** What keeps a question from being recalled by meaning; null: nothing does. Linear in the length of the question. */
export function semanticGate(question: string): 'personal' | 'time' | null {
  const text = normalised(question).toLowerCase()
  if (isPersonal(text)) return 'personal'
  return isTimely(text) ? 'time' : null
}

/** A word of Latin letters, whatever other script it stands beside. */
function whole(words: string): RegExp {
  return new RegExp(`(?<![a-z\\u00df-\\u024f\\d_])(?:${words})(?![a-z\\u00df-\\u024f\\d_])`)
}

/** What is one's own to ask about. A password is not among them: how to change it is everybody's question. */
const own =
  'accounts?|acct|orders?|balances?|bills?|invoices?|payments?|paychecks?|paycheques?|payslips?|statements?|transactions?|purchases?|subscriptions?|bookings?|reservations?|appointments?|tickets?|packages?|parcels?|deliver(?:y|ies)|shipments?|refunds?|returns?|claims?|polic(?:y|ies)|salar(?:y|ies)|income|spending|savings|mortgage|loans?|debts?|taxes|tax|w-?2|credit (?:score|limit|card|report|rating)|debit card|bank card|cards?|checking|iban|routing number|ssn|social security(?: number)?|passport|licen[cs]e|visa application|applications?|profile|address|e-?mails?|inbox|phone(?: number)?|number|name|birthday|age|location|itinerary|flights?|trips?|luggage|bags?|schedule|calendar|meetings?|reminders?|alarms?|to-?do list|shopping list|playlists?|contacts?|messages?|texts?|files?|documents?|photos?|data|usage|history|points|rewards|miles|pto|vacation(?: days)?|leave|benefits|insurance|prescriptions?|medications?|test results|results|diagnosis|symptoms|grades?|case|contract|lease|rent|plan|membership|wallet|portfolio|shares|devices?|manager|boss|team'
const ownEnglish = [
  whole(`(?:my|our)(?: [a-z'’&-]+){0,2} (?:${own})`),
  whole(`(?:${own}) of (?:mine|ours)`),
  whole(
    '(?:do|did|have|will|can|should) i (?:still )?(?:owe|owed|spent|spend|paid|earn|earned|ordered|bought|booked|used)',
  ),
  whole('how (?:much|many)(?: [a-z]+){0,4} (?:do|did|have) i (?:still )?(?:have|owe|spend|spent|earn|use|used|left)'),
  whole("(?:where|who) am i|i(?: have|’ve|'ve)? (?:just )?(?:ordered|booked|purchased|paid for)|i owe"),
]
const ownHan =
  /(?:我的?|我们的?|俺的?|本人的?|咱们?的?)(?:[^，。？！,.?!\s]{0,4})(?:账户|账号|帐号|订单|余额|账单|发票|工资|薪水|年假|积分|会员|套餐|流量|话费|快递|包裹|物流|订阅|预约|预订|行程|航班|机票|车票|门票|退款|退货|理赔|保单|保险|贷款|欠款|房贷|信用卡|银行卡|储蓄卡|存款|卡号|额度|征信|社保|公积金|税|合同|简历|申请|病历|检查结果|报告|处方|成绩|课表|日程|日历|会议|闹钟|提醒|邮箱|邮件|电话|手机号|地址|名字|姓名|生日|身份证|护照|签证|位置|照片|文件|聊天记录|历史记录|购物车|收藏|钱包|股份|持仓|设备)|我还?(?:欠|剩|买的|下的单|订的|花了)/
const address = /[\w.+-]{1,64}@[\w-]{1,63}\.[\w-]{2,63}/
const phone =
  /\+\d[\d ().-]{6,18}\d|(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)|(?<!\d)\d{3}-\d{4}(?![-\d])|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)/
/** Six digits and more that are no decimals, ids in groups, UUIDs, IBANs. */
const longId =
  /(?<![\d.])\d{6,}|(?<!\d)\d{3,4}[ -]\d{4}[ -]\d{4}(?!\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}|(?<![a-z\d])[a-z]{2}\d{2}(?: ?[a-z\d]{4}){3,7}(?: ?[a-z\d]{1,3})?(?![a-z\d])/
const mixedId = /(?<![a-z\d_])(?=[a-z\d]*\d)[a-z\d]{10,64}(?![a-z\d_])/g
const MIXED_DIGITS_MIN = 4

function isPersonal(text: string): boolean {
  if (ownEnglish.some((words) => words.test(text)) || ownHan.test(text)) return true
  if (address.test(text) || phone.test(text) || longId.test(text)) return true
  return (text.match(mixedId) ?? []).some((id) => (id.match(/\d/g) ?? []).length >= MIXED_DIGITS_MIN)
}

const period = '(?:morning|afternoon|evening|night|week|weekend|month|quarter|year|season|semester)'
const weekday = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'
const timely = [
  whole(
    'now|nowadays|todays?|tonight|tonights|tomorrows?|yesterdays?|currently|latest|recent|recently|lately|at the moment|at present|so far this|as of|real-?time|up-to-the-minute|breaking',
  ),
  whole(
    '(?<!(?:electric|electrical|alternating|direct|ocean|eddy) )current(?! account| director| user| line| branch| element)',
  ),
  whole(`(?:this|next|last|past|coming) (?:${period}|${weekday})|(?:hours?|days?|weeks?|months?|years?) ago`),
  whole(
    'weather|forecast|raining|snowing|traffic|prices?|stocks?|share price|exchange rates?|news|headlines?|trending',
  ),
  whole('(?<!credit )scores?|standings'),
  whole(
    'live (?:scores?|results?|streams?|traffic|updates?|coverage|data|prices?|rates?|feed|news|events?|match|game|now)',
  ),
  whole('(?:goes|going|airing|watch|broadcast|streaming|is|are) live(?! in)'),
  whole("what(?:'s|s| is)? the (?:time|date)|what time is it|what day is it|what date is it"),
]
const timelyHan =
  /现在(?!完成|进行|时态|时的)|此刻|眼下|今天|今日|今晚|今早|今年|明天|明日|明晚|明年|昨天|昨日|昨晚|去年|前天|后天|[本这上下]个?(?:周|星期|礼拜|月)|最新|最近|目前|当前(?!目录|页面|文件|路径|用户|行)|近期|近日|刚刚|刚才|实时|天气|气温|下雨|价格|股价|股票|股市|大盘|汇率|油价|房价|金价|币价|行情|报价|多少钱|新闻|头条|热搜|比分|赛况|直播|路况|几点了|空气质量/

function isTimely(text: string): boolean {
  return timely.some((words) => words.test(text)) || timelyHan.test(text)
}
