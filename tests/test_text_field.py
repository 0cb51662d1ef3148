"""What people type where they do this work: codes, forms, orders, slang, ages, novels, corrections, other languages."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

CODES = r"""
B/M brd, dk complexion | black male beard dark_skin
hispanic male BLK hair BRO eyes | hispanic male black_hair brown_eyes
W/F, GRY hair, HAZ eyes, glasses | white -male gray_hair eyeglasses
H/M 30 yoa, mous, clnshvn otherwise, med comp | hispanic male young mustache -beard -goatee -stubble
A/M BLK/BRO, 5'7, slim bld | asian male black_hair brown_eyes -chubby
SWM, 45, beard | white male middle_aged beard
GAM with glasses | asian male eyeglasses
DBF 62 loves dancing | black -male old
RAC W SEX F HAI RED EYE GRN | white -male red_hair green_eyes
RACE: B SEX: M HAIR: BAL EYES: BRO | black male bald brown_eyes
S2: W/M, 20s, brn hr, drk glasses | white male young brown_hair sunglasses
"""

FORMS = r"""
hat no, glasses yes | -hat eyeglasses
glasses [ ] beard [x] | -eyeglasses beard
[x] glasses [ ] hat | eyeglasses -hat
beard: 0\nmustache: 1 | -beard mustache
Eyeglasses=-1, Smiling=1, Male=-1 | -eyeglasses smiling -male
{"beard": true, "hat": false} | beard -hat
beard: true\nglasses: false\nbald: false | beard -eyeglasses -bald
✓ beard ✗ hat | beard -hat
☑ glasses ☐ mustache | eyeglasses -mustache
+ glasses + beard - hat | eyeglasses beard -hat
beard;no\nhat;yes | -beard hat
| glasses | no |\n| hat | yes | | -eyeglasses hat
Beard: N, Mustache: Y | -beard mustache
bald? no glasses? yes | -bald eyeglasses
No_Beard: 0 | beard
No_Beard=1, Wearing_Necktie=0 | -beard -necktie
"""

ORDERS = r"""
take off his glasses | male -eyeglasses
shave the mustache | -mustache
take the hat off | -hat
lose the earrings | -earrings
remove the lipstick | -lipstick
give him a goatee | male goatee
add glasses, drop the tie | eyeglasses -necktie
swap the hat for glasses | -hat eyeglasses
replace her glasses with sunglasses | -male -eyeglasses sunglasses
make her older | old -male
stop smiling | -smiling
scratch the hat | -hat
keep the beard, ditch the hat | beard -hat
shave him | male -beard -mustache -goatee -stubble
close your mouth | -mouth_open
the glasses have to go | -eyeglasses
"""

RARE = r"""
a ring in each ear | earrings
rings in both ears | earrings
beard rash |
a hat rack |
a razor burn on his neck | male
a bloke with a soup strainer | male mustache
he has a lid on | male hat
full beat and red lippy | heavy_makeup lipstick
she wears a lob | -male
a beard trimmer |
a big old conk | big_nose
"""

THINGS = r"""
chunky necklace | necklace
face full of freckles |
a man with a fat wallet | male
a slim tie | necktie
a woman in a chunky sweater | -male
thin gold chain | necklace
a heavy coat |
a mouth full of teeth |
"""

AGES = r"""
a man of thirty | male young
man 50-55 | male middle_aged
a woman of sixty-five | -male old
boy of ten | male young
pushing eighty | old
she turned forty last spring | -male middle_aged
in the neighborhood of 75 | old
not a day over thirty | young
fifty if he's a day | male middle_aged
male 18 to 22 | male young
"""

LITERARY = r"""
nobody would call him young | male -young
a mouth which never closes | mouth_open
no one could have called her old | -male -old
nobody would have called him fat | male -chubby
her lips never met | -male mouth_open
not what you would call young | -young
time had silvered her hair | -male gray_hair
by no means bald | -bald
"""

NO_LONGER = r"""
the beard is gone now | -beard
his cap was on the seat beside him | male
the mustache is history | -mustache
her glasses lay on the desk | -male
his hat hung on the peg | male
a beard he had in the photo but not now | male -beard
the goatee came off | -goatee
she seldom smiles | -male -smiling
not bald anymore | -bald
"""

OTHERS = r"""
Ignore the bald man in front; the one we want has red hair. | red_hair
The other passenger wore a hat; she had none. | -male -hat
Most men wear beards; he does not. | male -beard
Women usually have long hair, this one is bald. | bald
Forget the guy with the hat. She has green eyes. | -male green_eyes
Her boyfriend has glasses, she doesn't. | -male -eyeglasses
Other girls wear make-up. She never does. | -male -heavy_makeup
"""

REACH = r"""
no hat smiling blue eyes | -hat smiling blue_eyes
clean shaven glasses | -beard -mustache -goatee -stubble eyeglasses
no beard smiling brown eyes | -beard smiling brown_eyes
without glasses long hair | -eyeglasses long_hair
no necktie thick beard | -necktie beard
no makeup freckles blond hair | -heavy_makeup blond_hair
"""

CORRECTIONS = r"""
black hair. Correction: brown | brown_hair
she, I mean he, has a beard | male beard
long hair. No, short. | -long_hair
green eyes. Strike that. Brown eyes. | brown_eyes
he, sorry, she is blond | -male blond_hair
a mustache, no wait, a goatee | goatee
I thought it was a boy at first but it's a girl | -male young
"""

COLORS = r"""
eyes of green color | green_eyes
curls of black color | wavy_hair black_hair
hair of a deep red | red_hair
eyes of pale blue | blue_eyes
locks of gold | blond_hair
eyes the color of emeralds | green_eyes
White, female, long pink hair | white -male long_hair
"""

NEGATED_HAIR = r"""
doesn't cut his hair | male
no hair in his eyes | male
he never combs his hair | male
no hair out of place |
she doesn't dye her hair | -male
won't let anyone touch his hair | male
"""

APOSTROPHES = r"""
hes bald | male bald
shes wearing a hat | -male hat
shes blond and doesnt smile | -male blond_hair -smiling
hes got a goatee | male goatee
theyre wearing glasses | eyeglasses
"""

OLDER_SET = r"""
a headscarf | hat
a barefaced man | male -beard -mustache -goatee -stubble
an old sman with glasses | old male eyeglasses
a ASIAN women, wearing neckless | asian -male necklace
a person having male and female characteristics |
could not stop smiling | smiling
"""

MORE = r"""
W/M 6-00 190 BRO BLU full beard, glasses | white male beard eyeglasses brown_hair blue_eyes
B/F 5'4" 130 lbs BLK hair/BRO eyes, lt comp, hoop earrings | black -male black_hair brown_eyes pale_skin earrings
Unk W/M, heavy set, clnshvn, bald, sunglasses | white male chubby -beard -mustache -goatee -stubble bald sunglasses
SBM, 29, fit, bald, goatee, ISO SF 25-35 | black male young bald goatee
SWF seeks SWM, blonde, blue eyes, 34 | white -male blond_hair blue_eyes young
DWM 58 gray hair mustache nonsmoker | white male middle_aged gray_hair mustache
GWM, 40s, bearded, bear type | white male middle_aged beard
HAIR: GRY EYES: HAZ RACE: W SEX: M | gray_hair white male
HT 510 WT 180 HAIR BLK EYES BRO | black_hair brown_eyes
I/M 25 yrs blk hr no facial hr | male young black_hair -beard -mustache -goatee -stubble
Susp. desc: L/M, 20-25 yrs, thin, blk mous, gry hoodie | hispanic male young -chubby mustache
O/F 30s, blk long hr, glasses | asian -male young black_hair long_hair eyeglasses
beard ✓ hat ✗ glasses ✓ | beard -hat eyeglasses
Bald: no. Beard: yes. Glasses: no. | -bald beard -eyeglasses
glasses=0 beard=1 hat=0 | -eyeglasses beard -hat
Male: 1\nYoung: 0\nSmiling: 1\nEyeglasses: 0 | male -young smiling -eyeglasses
[✓] glasses [ ] earrings [✓] necklace | eyeglasses -earrings necklace
hat: false, glasses: true, hair: "blond" | -hat eyeglasses blond_hair
- hair: brown\n- eyes: blue\n- glasses: none | brown_hair blue_eyes -eyeglasses
"Eyeglasses","0"\n"Male","1"\n"Bald","1" | -eyeglasses male bald
Attractive 1, Bald 0, Bangs 1, Blond_Hair 1, Male -1 | -bald bangs blond_hair -male
beard: N/A, glasses: Y | eyeglasses
eyewear: none; headwear: cap; facial hair: mustache | -eyeglasses -sunglasses hat mustache
Glasses - yes, Hat - no, Beard - no | eyeglasses -hat -beard
take her hat off and give her long hair | -hat -male long_hair
get that hat off him | -hat male
make her blonde | -male blond_hair
could you remove his beard and add a mustache | male -beard mustache
turn the smile off | -smiling
delete the glasses | -eyeglasses
change her hair from black to blond | -male blond_hair
less makeup please | heavy_makeup
no more beard on him | -beard male
have him grow a beard | male beard
let her smile | -male smiling
wipe that smile off his face | male -smiling
replace the beard by a mustache | -beard mustache
put her hair in bangs | -male bangs
shave his beard off | male -beard
trim the beard to stubble | stubble
make the eyes green instead of blue | green_eyes -blue_eyes
I want the same man but bald and without glasses | male bald -eyeglasses
peach fuzz on his chin | male
he's got a five-head and a weak chin | male
bushy caterpillars above his eyes | male
she's sporting cat-eye glasses | -male eyeglasses
redheaded stepchild | red_hair
he's rocking a fu manchu | male mustache
thick as a brick | 
a beard comb in his pocket | male
hat hair |
glasses case in hand |
a baby-faced giant of a man | young male
full of himself, round glasses | male eyeglasses
old school tie | necktie
heavy eyelids, thin smile | smiling
a fat cigar in a thin man's mouth | -chubby male
chubby fingers |
bald tyres, bald facts |
slim-fit shirt, bow tie | necktie
narrow face, wide tie | necktie
a woman of about forty-five | -male middle_aged
man, late 60s | male old
he could be anything from 30 to 35 | male young
in her seventy-third year | -male old
a lad of sixteen or so | male young
on the wrong side of fifty | middle_aged
twenty-one-year-old student | young
a girl of nine | -male young
60+ male | old male
under 25 | young
mid fifties | middle_aged
she's no spring chicken | -male
thirtyish | young
a man in the autumn of his life | male
Few would have guessed that he was past sixty | male old
One could not have called her slim. | -male
You would not have taken him for a young man. | male -young
It would be wrong to call him bald. | male -bald
A moustache, such as cavalry officers wear, adorned his lip. | male mustache
He wore, as always, no tie. | male -necktie
Her mouth, never quite shut, | -male mouth_open
his beard is long gone | male -beard
he once wore a moustache but has since shaved it | male -mustache
the spectacles were in his breast pocket | male
her hat lay on the grass | -male
she took her glasses off | -male -eyeglasses
there was a cap hanging behind the door |
he hardly ever wears a tie | male -necktie
she gave up wearing earrings | -male -earrings
he stopped shaving: beard | male beard
his hair used to be black; it is white | male -black_hair gray_hair
without the hat he wore in the photo | male -hat
not the man with the beard, the other one, with the glasses | eyeglasses
The guy next to him has a beard. He doesn't. | male -beard
everybody else wore hats, but she was bareheaded | -male -hat
My wife is blonde, I am bald with a beard | bald beard
unlike her sister she has no freckles and red hair | -male red_hair
no beard no mustache blue eyes | -beard -mustache blue_eyes
no glasses blond smiling | -eyeglasses blond_hair smiling
without beard bald glasses | -beard bald eyeglasses
no hat long blond hair | -hat long_hair blond_hair
no makeup smiling young woman | -heavy_makeup smiling young -male
mujer con pelo negro largo y ojos verdes | -male black_hair long_hair green_eyes
hombre con barba y gafas | male beard eyeglasses
Mann ohne Bart, kurze schwarze Haare | male -beard -long_hair black_hair
Frau mit Brille und roten Haaren | -male eyeglasses red_hair
homme âgé aux cheveux gris et à la moustache | male old gray_hair mustache
elle a les yeux bleus | -male blue_eyes
chica pelirroja sonriendo | -male young red_hair smiling
pelo castaño, sin bigote | brown_hair -mustache
un vieux monsieur sans cheveux | old male bald
lunettes noires | sunglasses
ein Mädchen mit braunen Augen | -male young brown_eyes
brown hair, er, I mean black | black_hair
glasses. Wait, no glasses. | -eyeglasses
it's a man, sorry, woman, with short hair | -male -long_hair
he has green, no, blue eyes | male blue_eyes
blond... make that brown hair | brown_hair
hair, brown; eyes, blue | brown_hair blue_eyes
her hair is a dark shade of red | -male red_hair
eyes that are green in color | green_eyes
a head of silver hair | gray_hair
hair colour of honey | blond_hair
he has not had his hair cut in months | male
she won't comb her hair | -male
no hair on his chin | male -beard -mustache -goatee -stubble
no hair covering her eyes | -male
hasn't lost his hair | male -bald
doesnt wear glasses, isnt bald | -eyeglasses -bald
hes young and shes not | male young
theres no beard | -beard
im a woman with red hair | -male red_hair
Suspect #3 H/F BRO/BRO long hair nose ring | hispanic -male brown_hair brown_eyes long_hair
WM 65-70 yrs wht hr wht brd lt comp glasses | white male old gray_hair beard pale_skin eyeglasses
B/M juv, short blk hair, no brd | black male -long_hair black_hair -beard
EYES BLU HAIR BLN SEX F RACE W | blue_eyes blond_hair -male white
Sex: Female; Race: Asian; Hair: Black, long; Eyes: Brown; Glasses: Yes | -male asian black_hair long_hair brown_eyes eyeglasses
BF, dk comp, clnshvn head, lg earrings | black -male dark_skin bald earrings
A/M 18 no facial hair BLK spiky hair | asian male young -beard -mustache -goatee -stubble black_hair
SAF 27 pretty long blk hair seeks GM friend | asian -male young long_hair black_hair
glasses: (x) beard: ( ) | eyeglasses -beard
Glasses Y Beard N Hat N | eyeglasses -beard -hat
glasses=true;hat=false;smile=true | eyeglasses -hat smiling
| Beard | Hat | Glasses |\n| no | yes | no | | -beard hat -eyeglasses
hair = grey, glasses = yes, beard = no | gray_hair eyeglasses -beard
bald:false long_hair:true | -bald long_hair
["beard", "glasses"] | beard eyeglasses
is_bald: false\nhas_beard: true\nwears_glasses: false | -bald beard -eyeglasses
beard? nope. glasses? yep. | -beard eyeglasses
5_o_Clock_Shadow: 0, Goatee: 1, Pale_Skin: 1 | -stubble goatee pale_skin
hat ❌ glasses ✅ | -hat eyeglasses
glasses +, beard -, hat - | eyeglasses -beard -hat
Necktie: 0; Necklace: 1; Lipstick: 1; Male: 0 | -necktie necklace lipstick -male
take those sunglasses off him | male -sunglasses
lose the specs | -eyeglasses
give the man a hat | male hat
can she have curly hair instead | -male wavy_hair
make him smile | male smiling
make her not smile | -male -smiling
open the mouth a bit | mouth_open
give it glasses | eyeglasses
now remove the mustache but leave the beard | -mustache beard
turn the brown hair blond | blond_hair
change glasses to sunglasses | -eyeglasses sunglasses
make him fatter and bald | male chubby bald
take away the necklace and the earrings | -necklace -earrings
get her a hat and lose the lipstick | -male hat -lipstick
undo the bangs | -bangs
he needs a shave | male stubble
add some wrinkles and grey hair | gray_hair
no need for glasses | -eyeglasses
keep her hair but make the eyes blue | -male blue_eyes
dye her hair red | -male red_hair
cover his bald head with a cap | male bald hat
mutton chops and a stovepipe hat | sideburns hat
a face like a full moon | round_face
her peepers are green | -male green_eyes
a beardy weirdy in a bobble hat | beard hat
he's got a barnet of black curls | male black_hair wavy_hair
snaggletoothed crone | old -male
lantern-jawed fellow | square_face male
his kisser was hanging open | male
a bit of a muffin top | 
apple-cheeked dumpling of a woman | rosy_cheeks -male
old man's cardigan |
full lips, full head of hair | big_lips
wide-brimmed hat, wide smile | hat smiling
light jacket, dark trousers, fair hair | blond_hair
a thin scarf and a big handbag |
long sleeves and short hair | -long_hair
straight talker, curly hair | wavy_hair
a heavy necklace and light makeup | necklace -heavy_makeup
somewhere in his forties | male middle_aged
she was perhaps fifty | -male middle_aged
as old as 80 | old
a fifty-odd-year-old with a beard | middle_aged beard
a girl in her teens | -male young
older than 70 | old
about 5 years older than me | 
age 44M | male middle_aged
Not for him the razor; his beard reached his chest. | male beard
There was nothing young about her. | -male -young
He was anything but slim | male
The wind had left her hatless | -male -hat
no comb could tame her red curls | -male red_hair wavy_hair
the years had taken his hair | male bald
A smile was a stranger to that mouth. | -smiling
hair that had once been gold was now white | -blond_hair gray_hair
his hat had been left on the train | male
the sunglasses sit unused on the dashboard |
she had shaved her head | -male bald
had a goatee, shaved it last week | -goatee
with the beard gone he looks young | male -beard young
she's not a blonde any longer | -male -blond_hair
no longer wears glasses since the surgery | -eyeglasses
formerly bearded | -beard
ex-redhead, now gray | gray_hair
his twin is bald; he has long hair | male long_hair
she stood beside a man in a hat | -male
My father had a beard. I don't. | -beard
The others are old, he is young | male young
that's not him, he has a beard | male beard
no glasses no hat beard | -eyeglasses -hat beard
not fat brown hair | -chubby brown_hair
no smile open mouth | -smiling mouth_open
clean shaven short hair hat | -beard -mustache -goatee -stubble -long_hair hat
no bangs long straight hair | -bangs long_hair straight_hair
mujer mayor, canas, sin maquillaje | -male old gray_hair -heavy_makeup
hombre joven de pelo corto y ojos marrones | male young -long_hair brown_eyes
una niña con gafas y una gorra | -male young eyeglasses hat
er trägt einen Hut und eine Sonnenbrille | male hat sunglasses
Frau, ca. 30 Jahre, lange blonde Haare | -male young long_hair blond_hair
kein Bart, keine Brille, lächelnd | -beard -eyeglasses smiling
alter Herr mit Glatze und weißem Bart | old male bald beard
une vieille dame à lunettes | old -male eyeglasses
garçon roux souriant | male young red_hair smiling
il n'a pas de barbe | male -beard
yeux marrons, cheveux courts et noirs | brown_eyes -long_hair black_hair
blue eyes (correction: brown) | brown_eyes
she wears glasses, or rather sunglasses | -male sunglasses
he's bald, well, balding | male bald
eyes a bright green | green_eyes
hair of black and eyes of brown | black_hair brown_eyes
a beard of white | beard
with hair in shades of red | red_hair
skin of ebony | dark_skin
lips of ruby red | lipstick
W/M approx 25 yrs old, slim build, clnshvn, blk baseball cap | white male young -chubby -beard -mustache -goatee -stubble hat
B/F 45-50 heavy set med comp BLK wig | black -male middle_aged chubby
Male, Hispanic, 5'8, BRO eyes, BLK hair, mous & goatee | male hispanic brown_eyes black_hair mustache goatee
SBF, 5'7, brown eyes, locs, no kids | black -male brown_eyes long_hair
bi W/M 40s clean shaven glasses | white male middle_aged -beard -mustache -goatee -stubble eyeglasses
MALE/WHITE/60S/BALD/GLASSES | male white old bald eyeglasses
hair BLK, eyes BLU, brd none | black_hair blue_eyes -beard
IC1 male, 30s, stubble | white male young stubble
IC3 female with glasses | black -male eyeglasses
glasses true beard false | eyeglasses -beard
beard=no hat=no glasses=yes | -beard -hat eyeglasses
Smiling -1 Male 1 Bald 1 | -smiling male bald
has_glasses=1 has_beard=0 | eyeglasses -beard
yes to glasses, no to hat | eyeglasses -hat
Beard? Yes. Mustache? Yes. Hat? No. | beard mustache -hat
glasses: on, hat: off | eyeglasses -hat
facial_hair: none, glasses: none, age: 30 | -beard -mustache -goatee -stubble -eyeglasses young
"glasses": null, "beard": true | beard
take his cap off please | male -hat
pls get rid of that beard | -beard
could you make her hair longer | -male long_hair
and now a mustache too | mustache
no hat this time | -hat
drop the sunglasses, give her a smile | -sunglasses -male smiling
shave off that moustache | -mustache
put glasses on her | -male eyeglasses
make him look ten years younger | male young
stop the smile | -smiling
don't make him bald | male -bald
remove beard, add tie | -beard necktie
swap her hat with a beanie | -male hat
lose the tie and the hat | -necktie -hat
she should wear less lipstick | -male lipstick
let him keep his beard but take the glasses | male beard -eyeglasses
a stud in each ear | earrings
a gold hoop in his left ear | male earrings
he's sporting a 'tache | male mustache
five days without a razor | stubble
hasn't shaved in days | stubble
baldy with specs | bald eyeglasses
beard oil | 
mustache wax |
hat box |
necktie rack |
heavy earrings | earrings
a thick neck |
face full of pimples |
broad shoulders, thin tie | necktie
chubby puppy in his arms | male
slim cigarette between her lips | -male
round hat | hat
pointed hat | hat
a man of seventy | male old
woman 30-35 | -male young
a lady of eighty | -male old
aged twenty-two | young
a boy of twelve | male young
man in his early 40's | male middle_aged
looks thirty | young
nobody would call her old | -male -old
none would call him slim | male
no one would take him for young | male -young
a mouth that never shuts | mouth_open
eyes which were anything but blue | -blue_eyes
hair neither long nor short |
the beard has gone | -beard
his hat is on the chair | male
her spectacles lay beside the book | -male
the cap he took off | male -hat
not wearing his usual glasses today | male -eyeglasses
he has shaved his beard | male -beard
rarely seen without a hat | hat
Ignore the woman behind him; he is blond. | male blond_hair
Everyone wears hats here; she doesn't. | -male -hat
Some men are bald. He isn't. | male -bald
The man beside her is old; she is young. | -male young
no beard green eyes smiling | -beard green_eyes smiling
no hat no glasses blond hair | -hat -eyeglasses blond_hair
clean shaven blue eyes | -beard -mustache -goatee -stubble blue_eyes
pelo rubio | blond_hair
ojos verdes | green_eyes
cheveux blonds | blond_hair
barbe grise | beard
schwarze Haare | black_hair
blaue Augen, Brille | blue_eyes eyeglasses
barba negra | beard
bigote | mustache
occhi azzurri |
cabelo preto |
brown hair. No wait. Black. | black_hair
he, I mean she, is old | -male old
a man, correction, a woman | -male
red hair, sorry, blond | blond_hair
eyes of brown color | brown_eyes
hair of blond color, long | blond_hair long_hair
eyes colored green | green_eyes
mustache of gray color | mustache
doesn't brush her hair | -male
never washes his hair | male
no hair on her arms | -male
without touching his hair | male
shes old and hes not here | -male old
hes got no beard | male -beard
its a man with a beard | male beard
hed a beard | beard male
"""  # noqa: E501

LANGUAGES = r"""
pelo negro | black_hair
longue barbe | beard
una mujer joven con pelo rubio y ojos azules | -male young blond_hair blue_eyes
un hombre calvo sin gafas | male bald -eyeglasses
ein alter Mann mit Bart und Brille | old male beard eyeglasses
eine Frau mit grünen Augen, kein Hut | -male green_eyes -hat
une femme aux cheveux longs, sans lunettes | -male long_hair -eyeglasses
l'homme a une moustache et un chapeau | male mustache hat
mujer de 65 años | -male old
"""

UNREADABLE = r"""
uomo con la barba e i capelli neri | Italian
een man met een bril en blond haar | Dutch
mężczyzna z brodą | Polish
мужчина с бородой | Russian or another language in Cyrillic script
黒い髪の女性 | Japanese
homem com barba e óculos | Portuguese
"""


@pytest.mark.parametrize(
    "text, says",
    [
        row
        for table in (
            CODES, FORMS, ORDERS, RARE, THINGS, AGES, LITERARY, NO_LONGER, OTHERS, REACH, CORRECTIONS, COLORS,
            NEGATED_HAIR, APOSTROPHES, OLDER_SET, MORE, LANGUAGES,
        )
        for row in rows(table)
    ],
)  # fmt: skip
def test_as_people_type(text, says):
    assert parse(text).attributes == says


@pytest.mark.parametrize("line", UNREADABLE.strip().splitlines())
def test_a_language_that_is_not_read_is_told(line):
    text, language = (part.strip() for part in line.split("|"))
    reading = parse(text)
    assert (reading.language, reading.attributes) == (language, {})
    assert reading.unused and reading.to_dict()["language"] == language
