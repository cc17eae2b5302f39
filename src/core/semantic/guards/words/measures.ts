/** Units, money, numbers and dates as words, in lower case: `first=other names`, separated by commas. Data. No I/O. */

export const UNITS = `
%=percent=percentage,celsius=centigrade=°c=degrees c=degrees celsius=degree celsius,
fahrenheit=°f=degrees f=degrees fahrenheit=degree fahrenheit,degree=°,kelvin,
mm=millimeter=millimetre,cm=centimeter=centimetre,meter=metre,km=kilometer=kilometre=kms=klick,mile=mi,yard=yd,
foot=feet=ft,inch=inches,nautical mile,light year,acre,hectare,square foot=square feet=sq ft=sqft,square meter,
mg=milligram,gram=gramme,kg=kilogram=kilo=kgs,tonne=ton=metric ton,ounce=oz,lb=pound=lbs,stone,carat,
ml=milliliter=millilitre,liter=litre,gallon,pint,quart,cup,tablespoon=tbsp,teaspoon=tsp,fluid ounce,
kb=kilobyte,mb=megabyte,gb=gigabyte,tb=terabyte,byte,mbps,gbps,mph=miles per hour,kph=km h=kmh,mpg,knot,
watt,kilowatt=kw,kwh=kilowatt hour,volt,amp=ampere,joule,calorie=kcal,hertz=hz,mhz,ghz,psi,pascal,decibel=db,
usd=$=dollar=us dollar=american dollar=buck,cad=canadian dollar,aud=australian dollar,eur=€=euro,gbp=£=quid=pound sterling=british pound,jpy=¥=yen=japanese yen,
cny=yuan=rmb=renminbi,inr=₹=rupee,krw=₩=korean won,rub=₽=ruble=rouble,chf=franc=swiss franc,sek=krona,nok=krone,mxn=peso=mexican peso,
brl=brazilian real,lira,hkd=hong kong dollar,sgd=singapore dollar,nzd=new zealand dollar,thb=baht,zar=rand,aed=dirham,ils=shekel,cent=penny=pennies`

/** Time as a measure; only where something counts it. */
export const TIME_UNITS = `
millisecond=ms,second=sec=secs,minute=min=mins,hour=hr=hrs,day,week,month,year=yr=yrs,quarter,decade,century=centuries,
fortnight,hourly,daily,weekly,biweekly,monthly,quarterly,yearly=annual=annually`

export const DATES = `
monday=mon,tuesday=tue=tues,wednesday=wed=weds,thursday=thu=thur=thurs,friday=fri,saturday=sat,sunday=sun,
january=jan,february=feb,march=mar,april,june=jun,july=jul,august=aug,september=sep=sept,october=oct,
november=nov,december=dec,christmas eve,christmas=xmas,new years eve=new year's eve,new years=new year's day=new year,
easter,thanksgiving,halloween,valentines day=valentine's day=valentines,mothers day=mother's day,
fathers day=father's day,memorial day,labor day,independence day,black friday,cyber monday,good friday,hanukkah,ramadan,
diwali,chinese new year=lunar new year,columbus day,veterans day,martin luther king day=mlk day,presidents day,
st patricks day=saint patricks day,tonight,tomorrow,yesterday,day after tomorrow,day before yesterday,
morning,afternoon,evening,night,noon=midday,midnight,weekend,weekday,spring,summer,autumn,winter,
semester,fiscal year`

export const NUMBER_WORDS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
export const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'
export const ORDINAL_WORDS =
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth'
export const ORDINAL_TENS = 'twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth'

/** Phrases that look like something a guard looks for, and are not. */
export const PLAIN = `
good morning,good night,good evening,good afternoon,no problem,no worries,yes or no,of course,all right,right now,
right away,is that right,that is right,left over,have left,is left,are left,do i have left,as well,
show me,as long as,as soon as,so far,no matter,at all,all of,up to date,set up,setup,sign up,look up,pick up,back up,end up,follow up,
make up,come up with,bring up,hurry up,wake up,get up,grow up,give up,hang up,warm up,mix up,line up,hook up,pull up,
upset,up to,what's up,whats up,write down,sit down,calm down,break down,track down,jot down,note down,slow cooker,
pin,id,tv set,faq,ai,ok,okay,app,url,pto,apr,hr,pc,cv,asap,fyi,btw,thx,i,i'm,i'd,i've,i'll,dl,dr,mr,mrs,ms,sir,tbd,
best regards,too much,check out time,check in time,open up,in order to,more or less,make sure,no one else,
by the way,most recent,most of,at least one,after all,let me know,free time,credit card number,savings time,
old fashioned,second hand,second opinion,not only,cold brew,hot dog,hot chocolate,sweet potato,whole life`
