/** Places and what is named after them, in lower case: `first=other names`, separated by commas. Data. No I/O. */

export const COUNTRIES = `
afghanistan,albania,algeria,andorra,angola,argentina,armenia,australia,austria,azerbaijan,bahamas,bahrain,bangladesh,
barbados,belarus,belgium,belize,bermuda,bhutan,bolivia,bosnia,botswana,brazil,brunei,bulgaria,cambodia,cameroon,canada,
chile,china=prc,colombia,congo,costa rica,croatia,cuba,cyprus,czechia=czech republic,denmark,dominican republic,
ecuador,egypt,el salvador,england,eritrea,estonia,ethiopia,fiji,finland,france,georgia,germany,ghana,greece,greenland,
guatemala,guyana,haiti,honduras,hong kong,hungary,iceland,india,indonesia,iran,iraq,ireland,israel,italy,jamaica,japan,
jordan,kazakhstan,kenya,kuwait,laos,latvia,lebanon,libya,liechtenstein,lithuania,luxembourg,macau,madagascar,malawi,
malaysia,maldives,mali,malta,mauritius,mexico,moldova,monaco,mongolia,montenegro,morocco,mozambique,myanmar=burma,
namibia,nepal,netherlands=holland,new zealand,nicaragua,nigeria,north korea,norway,oman,pakistan,palestine,panama,
paraguay,peru,philippines,poland,portugal,puerto rico,qatar,romania,russia,rwanda,saudi arabia,scotland,senegal,serbia,
singapore,slovakia,slovenia,somalia,south africa,south korea=korea,spain,sri lanka,sudan,sweden,switzerland,syria,
taiwan,tanzania,thailand,tunisia,turkey=turkiye,uganda,ukraine,united arab emirates=uae,
united kingdom=uk=britain=great britain,united states=usa=america=united states of america=the us=the states,uruguay,
uzbekistan,venezuela,vietnam,wales,yemen,zambia,zimbabwe,africa,asia,europe=eu,antarctica,scandinavia`

export const REGIONS = `
alabama,alaska,arizona,arkansas,california,colorado,connecticut,delaware,florida,hawaii,idaho,illinois,indiana,iowa,
kansas,kentucky,louisiana,maine,maryland,massachusetts,michigan,minnesota,mississippi,missouri,montana,nebraska,nevada,
new hampshire,new jersey,new mexico,north carolina,north dakota,ohio,oklahoma,oregon,pennsylvania,rhode island,
south carolina,south dakota,tennessee,texas,utah,vermont,virginia,west virginia,wisconsin,wyoming,ontario,quebec,
alberta,british columbia,manhattan,brooklyn,queens,bronx,bavaria,tuscany,catalonia,siberia,tibet,guangdong,sichuan,bali`

export const CITIES = `
amsterdam,athens,atlanta,auckland,austin,baltimore,baghdad,bangalore,bangkok,barcelona,beijing,berlin,birmingham,bogota,
boston,brisbane,brussels,bucharest,budapest,buenos aires,buffalo,cairo,calgary,cancun,cape town,caracas,charlotte,
chennai,chengdu,chicago,cincinnati,cleveland,cologne,columbus,copenhagen,dallas,delhi=new delhi,denver,detroit,doha,
dubai,dublin,edinburgh,el paso,florence,fort worth,frankfurt,fresno,geneva,glasgow,guangzhou,hamburg,hangzhou,hanoi,
havana,helsinki,honolulu,houston,indianapolis,istanbul,jakarta,jerusalem,johannesburg,kansas city,karachi,kyiv=kiev,
kuala lumpur,kyoto,lagos,las vegas=vegas,lima,lisbon,liverpool,london,long beach,los angeles,lyon,madrid,manchester,
manila,marseille,melbourne,memphis,mexico city,miami,milan,milwaukee,minneapolis,montreal,moscow,mumbai,munich,
nairobi,naples,nashville,new orleans,new york=nyc=new york city,newark,oakland,omaha,orlando,osaka,oslo,ottawa,paris,
perth,philadelphia=philly,phoenix,pittsburgh,portland,prague,raleigh,reykjavik,riga,rio de janeiro=rio,riyadh,rome,
sacramento,saint louis=st louis,salt lake city,san antonio,san diego,san francisco,san jose,santiago,sao paulo,savannah,
seattle,seoul,shanghai,shenzhen,sofia,stockholm,sydney,taipei,tampa,tehran,tel aviv,tokyo,toronto,tucson,tulsa,
vancouver,venice,vienna,vilnius,warsaw,washington dc,washington,wuhan,zurich,laguardia,heathrow,gatwick,lax,jfk,ohare`

/** Peoples, languages and kitchens. */
export const PEOPLES = `
afrikaans,american,arabic,argentinian,asian,australian,austrian,belgian,bengali,brazilian,british,bulgarian,canadian,
cantonese,catalan,chinese,croatian,cuban,czech,danish,dutch,egyptian,english,estonian,ethiopian,european,filipino,
finnish,french,german,greek,hebrew,hindi,hungarian,icelandic,indian,indonesian,irish,italian,jamaican,japanese,korean,
latin,latvian,lebanese,lithuanian,malay,mandarin,mexican,mongolian,moroccan,nepali,nigerian,norwegian,persian=farsi,
peruvian,polish,portuguese,punjabi,romanian,russian,scottish,serbian,slovak,somali,spanish,swahili,swedish,swiss,
taiwanese,tamil,tagalog,thai,turkish,ukrainian,urdu,vietnamese,welsh,yiddish,cajun,mediterranean`
