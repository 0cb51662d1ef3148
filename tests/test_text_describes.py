"""Which noun a describing word belongs to: attributes in every order and form."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

DESCRIBING = r"""
a man with a woman's long hair | male long_hair
a woman in black | -male
a man in a black hat | male hat
man in white shirt, black tie | male necktie
with a hat in his hand | male
black man | black male
a Black woman with blond hair | black -male blond_hair
white woman black hair | white -male black_hair
black hair, white skin | black_hair pale_skin
black and white photo of a man | male
old photo of a young man | young male
a man wearing an old jacket | male
young Asian girl | young asian -male
gray beard | beard
a man with a long white beard | male beard
big smile | smiling
thin lips | -big_lips
thin eyebrows | -bushy_eyebrows
red lips | lipstick
brown eyes, brown hair, brown skin | brown_eyes brown_hair dark_skin
brown hair blue eyes | brown_hair blue_eyes
hair brown eyes blue | brown_hair blue_eyes
eyes blue hair brown | blue_eyes brown_hair
blue eyes, long hair | blue_eyes long_hair
eyes blue, long hair | blue_eyes long_hair
eyes brown, hair black | brown_eyes black_hair
HAIR: BROWN EYES: BLUE | brown_hair blue_eyes
Hair color: black. Eye color: green. | black_hair green_eyes
her hair is long, wavy and black | -male long_hair wavy_hair black_hair
hair: short, grey | -long_hair gray_hair
hair short grey | -long_hair gray_hair
eyes of blue and hair of gold | blue_eyes blond_hair
short hair, brown | -long_hair brown_hair
short-haired brunette with glasses | -long_hair brown_hair eyeglasses
hair as black as coal | black_hair
hair black as night | black_hair
hair down to her waist | -male long_hair
her long hair is brown | -male long_hair brown_hair
brown shoulder length hair | brown_hair long_hair
blonde highlights in her brown hair | -male brown_hair
dyed red hair | red_hair
his hair has turned white | male gray_hair
hair gone grey | gray_hair
curly-haired | wavy_hair
a curly blond beard | beard
bushy beard and eyebrows | beard
bushy eyebrows | bushy_eyebrows
thick dark eyebrows | bushy_eyebrows
pale blue eyes | blue_eyes
dark blue eyes | blue_eyes
dark brown hair | brown_hair
dark skin | dark_skin
dark-skinned man with white hair | dark_skin male gray_hair
light skin | pale_skin
fair skin and fair hair | pale_skin blond_hair
man with thin face and thick lips | male big_lips -chubby
small nose | -big_nose
button nose | -big_nose
chubby cheeks | chubby
rosy cheeks | rosy_cheeks
cheeks are red | rosy_cheeks
cheekbones high | high_cheekbones
high cheekbones | high_cheekbones
her cheekbones are high and sharp | -male high_cheekbones
oval face | oval_face
face is oval | oval_face
a round-faced man | round_face male
round glasses | eyeglasses
square glasses and a square jaw | eyeglasses square_face
double chin | double_chin
bags under her eyes | -male bags_under_eyes
narrow eyes | narrow_eyes
eyes narrow | narrow_eyes
smiling with her mouth open | -male smiling mouth_open
open-mouthed | mouth_open
laughing | smiling
serious | -smiling
suit and tie | necktie
hair tied back | long_hair
pearl necklace | necklace
hoop earrings | earrings
baseball cap | hat
sunglasses on her head | -male sunglasses
5'10", 180 lbs, brown hair | brown_hair
a pale, thin man with a hooked nose | pale_skin -chubby male
fat | chubby
he is fat and old | male chubby old
overweight | chubby
slim | -chubby
blonde | blond_hair
redhead | red_hair
a blond, a brunette | brown_hair
light brown hair | brown_hair
salt-and-pepper hair | gray_hair
salt and pepper beard | beard
stubble | stubble
five o'clock shadow | stubble
5 o'clock shadow | stubble
unshaven | stubble
goatee | goatee
sideburns | sideburns
receding hairline | receding_hairline
hairline is receding | receding_hairline
bangs | bangs
fringe | bangs
in a short bob | -long_hair
lipstick | lipstick
heavy makeup | heavy_makeup
hispanic woman | hispanic -male
latina | hispanic -male
middle eastern man | middle_eastern male
of Indian descent | indian
race: black, sex: f, age: 34 | black -male young
smiling eyes | smiling
wearing a red hat and a black coat | hat
arched brows | arched_eyebrows
a nose that is big and pointy | big_nose pointy_nose
his nose is rather large | male big_nose
his ears are large | male
her eyes are small and her nose is big | -male big_nose
full lips and high cheekbones | big_lips high_cheekbones
lips: full; nose: small | big_lips -big_nose
he has black hair and a white beard | male black_hair beard
beard: long, grey. hair: short, black | beard -long_hair black_hair
hat, black; hair, blond | hat blond_hair
a woman with brown eyes that are narrow | -male brown_eyes narrow_eyes
I want a guy with blue eyes | male blue_eyes
give her green eyes | -male green_eyes
make him bald | male bald
eyes like emeralds | green_eyes
"""


SENTENCES = r"""
boyish man of 45 | male middle_aged
an older woman with a youthful face | old -male
she was once blond; today she is grey | -male -blond_hair gray_hair
bald but with a fringe of white hair around the ears | bald gray_hair
her eyes and hair are brown | -male brown_hair brown_eyes
with brown eyes and hair | brown_eyes brown_hair
A man with black hair and beard | male black_hair beard
The male is described as white, in his early 40s, around 5ft 10ins tall, of medium build, with short receding brown hair and a beard. He was wearing a dark blue jacket, jeans and black trainers. | male white middle_aged -long_hair receding_hairline brown_hair beard
The second suspect is described as a Black female, aged between 18 and 25, with long braids, large hoop earrings and no glasses. | black -male young long_hair earrings -eyeglasses
He is described as Asian, about 6ft, slim, clean shaven with short black hair gelled back. He spoke with a local accent. | male asian -chubby -beard -mustache -goatee -stubble -long_hair black_hair
Officers want to speak to a man described as being in his mid-thirties, unshaven, with collar-length fair hair. He was not wearing a hat. | male young stubble blond_hair -hat
He had a goatee-style beard and wore wire-rimmed glasses | male goatee beard eyeglasses
Harry had a thin face, knobbly knees, black hair and bright green eyes. He wore round glasses held together with a lot of Sellotape. | -chubby black_hair green_eyes male eyeglasses
He was tall, thin and very old, judging by the silver of his hair and beard, which were both long enough to tuck into his belt. | male -chubby old gray_hair beard
She had a pale, pointed face and straight white-blonde hair | -male pale_skin straight_hair blond_hair
a dwarf with a long red beard and no mustache, bushy eyebrows, bald head, smiling | beard -mustache bushy_eyebrows bald smiling
a photo of a brown-eyed brunette without bangs, looking straight at the camera, lips closed, natural makeup | facing_front brown_eyes brown_hair -bangs -mouth_open -heavy_makeup
old lady (no glasses!!) with curly white hair & red lipstick | old -male -eyeglasses wavy_hair gray_hair lipstick
My mum - 62, short blonde hair (not grey yet lol), blue eyes, bit chubby, always wears earrings | -male old -long_hair blond_hair -gray_hair blue_eyes chubby earrings
no-one would call her pretty: the nose too big, the lips too thin, the eyes narrow, the hair neither brown nor blond | -male big_nose -big_lips narrow_eyes -brown_hair -blond_hair
He used to be bald but has hair now, brown and curly | male -bald brown_hair wavy_hair
A man whose beard has been shaved off | male -beard
His face was clean-shaven apart from a thin mustache | male -beard -goatee -stubble mustache
A face without a beard, without glasses, without a smile | -beard -eyeglasses -smiling
nothing but a moustache on his face | mustache male
The woman was not wearing her glasses. She had taken off her hat, too. | -male -eyeglasses -hat
I don't want her to be smiling or to have makeup on | -male -smiling -heavy_makeup
Don't add glasses. Don't make him old. Give him a hat. | -eyeglasses male -old hat
Make her look less old and give her longer hair | -male -old long_hair
please no hats, no sunglasses, and definitely no mustache | -hat -sunglasses -mustache
Wearing neither make-up nor jewellery, the young woman looked tired. | -heavy_makeup -earrings -necklace -male young
Not wearing a hat. Wearing glasses. Not bald. Not bearded. | -hat eyeglasses -bald -beard
Her lips are not full, and she has no lipstick on. | -male -big_lips -lipstick
There's no hint of a beard on his young face. | -beard male young
He hasn't got a moustache, but he's got a beard. | male -mustache beard
He's neither fat nor bald, and doesn't have a double chin. | male -chubby -bald -double_chin
Without glasses he looks younger | -eyeglasses male young
Can't have a beard. Must have glasses. Should be old. | -beard eyeglasses old
Glasses are a must, hat is a no | eyeglasses -hat
face: no beard; eyes: no glasses; hair: not blond | -beard -eyeglasses -blond_hair
a woman with no eyebrows and no hair, wearing big earrings | -male bald earrings
beardless youth with curly golden hair and rosy cheeks | -beard young wavy_hair blond_hair rosy_cheeks
no more beard, he shaved it off, but kept the moustache | -beard male mustache
I am woman, 50 years old, I have short hair color red, I don't have glasses, I have lipstick | -male middle_aged -long_hair red_hair -eyeglasses lipstick
She has a small mole near her mouth, dark hair in a pixie cut and doesn't usually wear earrings. | -male black_hair -long_hair -earrings
tall blonde Swedish woman | blond_hair white -male
Persian woman, big brown eyes, thick eyebrows, full lips, long wavy dark brown hair | middle_eastern -male brown_eyes bushy_eyebrows big_lips long_hair wavy_hair brown_hair
A stern, middle-aged governess: hair scraped back, thin lips, wire spectacles, not a scrap of make-up. | -smiling middle_aged -male -big_lips eyeglasses -heavy_makeup
the tall man with the grey hat and the grey eyes and the grey beard | male hat beard
A man in a suit and sunglasses, earpiece, shaved head, no expression. | male sunglasses bald -smiling
pretty girl with a ponytail and a baseball cap, blushing and smiling | -male young long_hair hat rosy_cheeks smiling
He's what you'd call a silver fox: sixty, thick white hair, neatly trimmed grey beard, blue eyes crinkling behind tortoiseshell glasses. | male gray_hair old beard blue_eyes eyeglasses
He has the kind of face that's never seen a razor's miss: smooth, clean-shaven, not a whisker. | male -beard -mustache -goatee -stubble
short, fat, bald man with no neck | chubby bald male
a really skinny teenager w/ acne, greasy black hair in his eyes, and dark circles; not smiling; headphones around neck | -chubby young black_hair male bags_under_eyes -smiling
RACE: BLACK SEX: FEMALE AGE: 25-30 HAIR: BLACK/BRAIDS EYES: BROWN GLASSES: NO | black -male young black_hair long_hair brown_eyes -eyeglasses
Some old dude with a big honking nose and a comb-over. Wore a bow tie, if you can believe it. | old male big_nose bald necktie
The lady had brown hair with blonde highlights, pulled back in a ponytail, and she wore no earrings that I noticed. | -male brown_hair long_hair -earrings
She's got blue eyes, not brown, and her hair's red, not blonde. | -male blue_eyes -brown_eyes red_hair -blond_hair
the opposite of bald: a huge mane of wavy black hair | -bald wavy_hair black_hair
grandpa vibes: cardigan, glasses, white mustache, bald, rosy cheeks | old male eyeglasses mustache bald rosy_cheeks
pirate w/ eyepatch, black beard, red bandana, hoop earring, gold tooth, scar, mean look | beard earrings
A nun. Pale, no makeup, thin eyebrows, serious. | -male pale_skin -heavy_makeup -bushy_eyebrows -smiling
rugged lumberjack, flannel, thick brown beard but shaved head, beanie | male beard bald hat
goth girl: pale skin, black lipstick, black hair w/ bangs, heavy eyeliner, choker, not smiling | -male young pale_skin lipstick black_hair bangs heavy_makeup necklace -smiling
man w/ vitiligo, afro, gap teeth, laughing | male wavy_hair smiling
a trans woman with stubble and red lipstick | -male stubble lipstick
non-binary person with a buzz cut, no facial hair, and big earrings | -long_hair -beard -mustache -goatee -stubble earrings
An ordinary looking man, fortyish, mousy hair, no distinguishing features, no glasses. | male middle_aged brown_hair -eyeglasses
his eyes are the colour of the sea and his hair the colour of straw | male blue_eyes blond_hair
blond(e) hair, blue-ish eyes | blond_hair blue_eyes
Hair colour: dark brown / black. Length: short. Style: wavy. | brown_hair -long_hair wavy_hair
He had a moustache like a walrus and not a hair on his head | male mustache bald
hair like Einstein, moustache like Einstein, but young | mustache young
a man who looks about 25 but has completely grey hair | male young gray_hair
The girl has straight, not curly, hair | -male young straight_hair -wavy_hair
The girl has straight hair, not curly | -male young straight_hair -wavy_hair
She has curly, not straight, red hair and doesn't have freckles | -male wavy_hair -straight_hair red_hair
medium length hair, neither straight nor curly | -straight_hair -wavy_hair
wearing a hat but no glasses | hat -eyeglasses
no glasses but wearing a hat | -eyeglasses hat
with hat, without glasses | hat -eyeglasses
without hat, with glasses | -hat eyeglasses
no hat just glasses | -hat eyeglasses
glasses no hat | eyeglasses -hat
hat no glasses | hat -eyeglasses
glasses: yes / hat: no / beard: yes | eyeglasses -hat beard
Not wearing: hat, glasses, tie | -hat -eyeglasses -necktie
Avoid: beard, glasses | -beard -eyeglasses
Must not have: beard. Must have: hat | -beard hat
Exclude beard and mustache, include glasses | -beard -mustache eyeglasses
she doesn't have long hair or glasses, but she does have earrings | -male -long_hair -eyeglasses earrings
He isn't wearing a tie or glasses but is wearing a hat | male -necktie -eyeglasses hat
"""  # noqa: E501


@pytest.mark.parametrize("text, says", rows(DESCRIBING))
def test_describing(text, says):
    """Words before their noun, behind it, or without it."""
    assert parse(text).attributes == says


@pytest.mark.parametrize("text, says", rows(SENTENCES))
def test_sentences(text, says):
    """Whole descriptions as people write them."""
    assert parse(text).attributes == says
