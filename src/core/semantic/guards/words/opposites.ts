/** Opposites in English: `axis: one side | other side`, `_` for a space; a verb stands for its other forms. Data. No I/O. */

/** Where something goes or comes from, and when. */
export const DIRECTIONS = `
power: enable activate reactivate | disable deactivate off
amount: increase raise raising higher upward boost louder grow rise rose rising | decrease lower lowering reduce downward shrink quieter
place: inside indoor | outside outdoor
time: before prior_to | after | during
trade: buy purchase bought | sell sold selling
port: import | export
load: upload | download
post: send sent sending sender | receive receiving recipient
loan: lend lent lender | borrow borrower
bank: deposit | withdraw withdrawal withdrew
travel: arrive arrival landing | depart departure takeoff take_off
door: enter entry entrance | exit
press: push | pull
motion: forward | backward backwards
turn: next upcoming | previous preceding
side: left leftmost | right rightmost
compass: north northern | south southern | east eastern | west western | northeast | northwest | southeast | southwest
height: above | below under underneath beneath
end: top upper | bottom
face: front | rear
bound: inbound incoming | outbound outgoing
order: ascending | descending
stairs: upstairs | downstairs
clock: clockwise | counterclockwise anticlockwise counter_clockwise
sun: sunrise sun_rise dawn | sunset sun_set dusk
grade: upgrade | downgrade
rank: first | last final
since: ago | from_now
axis: horizontal | vertical
origin: internal | external
data: input | output
storage: read | write
pay: charge_me | refund`

/** Anything else that turns a question round. */
export const OPPOSITES = `
openness: open reopen | close closure shut
lock: lock | unlock
start: start begin began launch resume continue | stop halt quit pause
item: add create insert append | remove delete erase
setup: install | uninstall
consent: accept approve approval | reject rejection decline deny denied refuse
permit: allow permit unblock | forbid block ban prohibit disallow
view: agree approve_of | disagree disapprove
ice: freeze froze | unfreeze thaw
cost: cheap cheaper cheapest inexpensive affordable | expensive costly pricey
size: big bigger biggest large larger largest | small smaller smallest tiny | medium
length: long longer longest tall taller tallest | short shorter shortest
level: high highest maximum max | low lowest minimum min
degree: more most | less least fewer fewest
heat: hot hotter hottest warm warmer | cold colder coldest cool cooler
speed: fast faster fastest quick quicker quickest speed_up | slow slower slowest slow_down
age: new newer newest young younger youngest | old older oldest
worth: good better best | bad worse worst
sides: pro advantage benefit upside strength | con disadvantage drawback downside weakness
truth: true correct | false incorrect wrong
risk: safe safer safest | dangerous unsafe hazardous
law: legal | illegal
chance: possible | impossible
access: public | private
reach: domestic | international overseas
net: online | offline
hand: manual manually | automatic automatically
fee: free | paid
fill: full | empty
hours: full_time | part_time
ways: one_way single_trip | round_trip roundtrip
force: strong stronger strongest | weak weaker weakest
effort: difficult hard harder hardest | easy easier easiest simple
wet: dry drier | wet wetter
early: early earlier earliest | late later
sex: male man men boy gentleman masculine | female woman women girl lady feminine
kin: husband | wife | dad father daddy | mom mum mother mommy | brother | sister | son | daughter | uncle | aunt | grandpa grandfather | grandma grandmother | nephew | niece | cousin | boyfriend | girlfriend | boss | roommate
crown: king | queen | prince | princess
game: win won winner | lose loser
result: succeed success pass | fail failure
set: include including | exclude excluding
link: connect pair | disconnect unpair
list: subscribe | unsubscribe
fan: follow | unfollow
sound: mute | unmute
sight: show visible reveal | hide hidden invisible
cipher: encrypt | decrypt
archive: compress zip | decompress unzip
code: encode serialize | decode deserialize
thrift: save saving_money | spend spent
card: debit | credit
account: checking current_account | saving
sheet: asset | liability
sum: gross | net_income net_pay net_salary
gain: profit | loss
market: supply | demand
deal: buyer | seller
job: employer | employee
home: landlord | tenant
machine: client_side | server_side
math: plus addition | minus subtract subtraction | multiply multiplication | divide division divided_by
extreme: minimize | maximize
sign: positive | negative
state: active | inactive
modes: light_mode | dark_mode
meal: breakfast | lunch | dinner supper | dessert
coin: heads | tails
era: ancient | modern
thick: thick thicker | thin thinner
width: wide wider | narrow narrower
depth: deep deeper | shallow shallower
near: nearest closest near nearby | farthest furthest far_from
wealth: rich richer richest | poor poorer poorest
noise: loud | quiet silent
taste: sweet | sour | salty | bitter | spicy
raw: raw uncooked | cooked
fresh: fresh | frozen
dirt: clean | dirty
health: healthy | sick unhealthy ill
life: birth born alive | death died dead die
wed: marry married wedding | divorce divorced
heart: love | hate
span: temporary temporarily | permanent permanently
must: mandatory required compulsory | optional voluntary
weight: major | minor
staff: senior | junior
layer: inner | outer
prime: primary | secondary
count: singular | plural
tone: formal | informal casual
book: hardcover | paperback
people: adult | child children kid
skill: beginner novice | advanced expert
diet: vegetarian | vegan
logic: cause | effect | cure remedy
trial: guilty | innocent
limit: at_least | at_most
bodyweight: lose_weight weight_loss | gain_weight weight_gain
inflate: inflate inflation | deflate deflation
number: even_number | odd_number
register: register enroll | unregister deregister
ship: shipping ship | pickup pick_up
union: merge combine join | split separate
quantity: half | double twice | triple`

/** Verbs after which a small word tells the direction: `turn the lights on`. */
export const PARTICLE_VERBS =
  'turn switch power put log sign check opt clock zoom go take get move walk dial plug set pull push bring speed scroll roll keep leave flip shut start volume block way'
