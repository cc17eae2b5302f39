/** Names of firms, products, people and things, in lower case: `first=other names`, separated by commas. Data. No I/O. */

export const FIRMS = `
adidas,adobe,aetna,airbnb,aldi,alibaba,alipay,amazon,american airlines,american express=amex,apple,applebees,at&t=att,
audi,bank of america=bofa,barclays,bestbuy=best buy,bing,bitcoin=btc,bluetooth,bmw,boeing,british airways,burger king,
capital one,chase,chevrolet=chevy,chipotle,chrome,chromebook,chatgpt,citibank=citi,claude,cloudflare,comcast,costco,
coca cola=coke,delta,dell,discord,dhl,dogecoin,discover card,disney,dominos,doordash,dropbox,dunkin,easyjet,ebay,
emirates,ethereum=eth,etsy,expedia,facebook,facetime,fedex,ferrari,fiat,firefox,fitbit,ford,galaxy,gemini,gmail,google,
google maps,google pay,google play,grubhub,gpt,h&m,hilton,home depot,honda,hsbc,hulu,hyundai,ibm,ikea,instacart,
instagram,intel,ipad,iphone,ipod,jeep,jetblue,jira,kfc,kindle,kroger,lenovo,lexus,lg,linkedin,lufthansa,lyft,macbook,
macys,marriott,mastercard,mazda,mcdonalds,mercedes,microsoft,nike,netflix,nissan,nintendo,nvidia,
olive garden,openai,outlook,oracle,paramount,paypal,pepsi,pixel,pizza hut,playstation,pinterest,porsche,powerpoint,
qantas,reddit,rolex,roku,ryanair,safari,salesforce,samsung,shopify,siri,alexa,cortana,skype,snapchat,sony,
southwest,spotify,starbucks,subaru,subway,taco bell,target,td bank,telegram,tesla,tiktok,
toyota,trader joes,tripadvisor,twitch,twitter,uber,uber eats,united airlines,ups,usps,venmo,verizon,visa card,volkswagen,
volvo,walgreens,walmart,waze,wechat,wells fargo,wendys,western union,whatsapp,whole foods,wikipedia,wii,xbox,yahoo,yelp,
youtube,zara,zelle,zoom,wifi=wi fi,vpn,ethernet,nfc,sms,mms,4g,5g,lte,hdmi,401k,403b,ira,roth,w2,w4,1099,
medicare,medicaid,nba,nfl,mlb,nhl,fifa,ncaa,nasa,fbi,cia,irs,nato,harvard,stanford,yale,oxford,
cambridge,lakers,celtics,yankees,real madrid,arsenal,chelsea,liverpool fc,bayern`

export const TECH = `
python,java,javascript=js,typescript,rust,golang,c++=cpp,c#=csharp,f#,ruby,rails,php,perl,kotlin,swift,scala,haskell,
elixir,erlang,clojure,lua,matlab,julia,fortran,cobol,sql,html,css,bash,powershell,zsh,react,angular,vue,svelte,nextjs,
django,flask,fastapi,laravel,spring boot,express js,node=nodejs,deno,numpy,pandas,pytorch,tensorflow,keras,
mysql,postgres=postgresql,sqlite,mongodb,redis,cassandra,elasticsearch,kafka,rabbitmq,snowflake,bigquery,docker,
kubernetes=k8s,podman,terraform,ansible,jenkins,git,github,gitlab,bitbucket,svn,aws,azure,gcp,heroku,vercel,netlify,
linux,ubuntu,debian,fedora,centos,windows,macos=mac os=osx,android,ios,unix,vim,emacs,vscode,intellij,eclipse,xcode,
npm,yarn,pnpm,pip,conda,maven,gradle,cargo,webpack,vite,jest,pytest,junit,selenium,graphql,grpc,soap,json,
xml,yaml,toml,csv,pdf,jpeg=jpg,png,gif,svg,mp3,mp4,wav,docx,xlsx,excel,http,https,tcp,udp,ftp,sftp,ssh,tls,smtp,imap,
pop3,dns,dhcp,ipv4,ipv6,oauth,saml,jwt,utf 8,ascii,unicode,md5,sha1,sha256,aes,rsa,usb,ssd,hdd,gpu,cpu,ram,lightroom,
photoshop,illustrator,figma,wordpress,drupal,wix,squarespace,latex,markdown`

export const PEOPLE_AND_THINGS = `
alice,amanda,amy,andrew,angela,anna,anthony,ashley,barbara,ben,bob,brandon,brian,carlos,carol,charles,chris,christine,
cindy,daniel,dave,david,deborah,dennis,diana,donna,dorothy,edward,elizabeth,emily,emma,eric,ethan,frank,gary,george,
greg,hannah,helen,henry,jack,jacob,james,jane,janet,jason,jeff,jennifer,jenny,jeremy,jessica,jim,joe,john,jonathan,
jose,joseph,joshua,julie,justin,karen,katherine,kathy,keith,kelly,ken,kevin,kim,kyle,larry,laura,lauren,linda,lisa,
lucy,margaret,maria,mary,matt,matthew,megan,melissa,michael,michelle,mike,nancy,nathan,nick,nicole,olivia,pamela,
patricia,patrick,paul,peter,rachel,rebecca,richard,robert,roger,ronald,ryan,sam,samantha,samuel,sandra,sarah=sara,
scott,sharon,sophia,stephanie,stephen,steve,steven,susan,teresa,thomas,tim,timothy,tom,tony,tyler,victoria,walter,
william,zachary,shakespeare,dickens,hemingway,tolstoy,einstein,newton,darwin,galileo,tesla,edison,mozart,beethoven,
bach,chopin,picasso,van gogh,monet,da vinci,michelangelo,obama,trump,biden,clinton,bush,lincoln,reagan,churchill,
napoleon,hitler,stalin,putin,gandhi,mandela,elon musk=musk,bill gates=gates,steve jobs,jeff bezos=bezos,zuckerberg,
beyonce,taylor swift,adele,drake,madonna,beatles,metallica,nirvana,messi,ronaldo,federer,nadal,lebron,
mercury,venus,mars,jupiter,saturn,uranus,neptune,pluto,the moon,the sun,everest,kilimanjaro,the nile,the amazon,
mississippi river,the atlantic,the pacific,indian ocean,arctic,sahara,eiffel tower,statue of liberty,colosseum,
great wall,taj mahal,hydrogen,helium,oxygen,nitrogen,carbon,sodium,potassium,calcium,iron,copper,silver,gold,platinum,
tylenol,advil,ibuprofen,aspirin,acetaminophen,paracetamol,amoxicillin,insulin,metformin,xanax,zoloft,covid,influenza=flu,
malaria,measles,diabetes,asthma,cancer,hiv,christianity,islam,buddhism,hinduism,judaism,bible,quran,
harry potter,star wars,star trek,game of thrones,minecraft,fortnite,pokemon,titanic,avatar,hamlet,macbeth,
jazz,reggae,hip hop,rap,techno,country music,classical music,rock music,
est,pst,cst,mst,gmt,utc,eastern time,pacific time,central time,mountain time`

/** Kinds of things of which each excludes the others: two questions that each name one, name the same. */
export const KINDS = `
colour: red | blue | green | yellow | orange | purple | pink | black | white | grey gray | brown
room: kitchen | bedroom | bathroom | living_room | garage | basement | attic | hallway | dining_room | den | porch patio
animal: dog puppy | cat kitten | bird | fish | horse | cow | pig | sheep | rabbit | snake | hamster
vehicle: car | bike bicycle | bus | train | plane airplane | truck | boat | motorcycle | taxi | ferry
device: phone smartphone | laptop | tablet | tv television | computer desktop | printer | camera | router | watch
food: coffee | tea | milk | beer | wine | juice | soda | beef steak | pork | chicken | lamb | salmon | tuna | shrimp | rice | pasta | bread | potato | salad | soup | pizza | burger | sushi | lasagna | cake | cookie | egg | taco | banana | avocado | lemon | lime | strawberry | grape | mango | pineapple | tomato | carrot | onion | cheese | butter | oil | sugar | salt | flour
utility: electric electricity | water | gas | cable | internet | phone_bill | rent | mortgage
insurance: health_insurance | car_insurance auto_insurance | life_insurance | home_insurance | travel_insurance
sport: football | soccer | basketball | baseball | tennis | golf | hockey | cricket | swimming
instrument: guitar | piano | violin | drum | flute
document: passport | driver_license driving_license | birth_certificate | visa | id_card`
