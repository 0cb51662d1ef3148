"""More of what people type, by the kind of difficulty: at least five sentences of each."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

LABELS_IN_CAPITALS = r"""
HAIR BLN EYE HAZ SEX F RAC W SMT PRCD EARS | blond_hair -male white earrings
SEX M RAC B HAI BLK EYE BRO SKN DRK | male black black_hair brown_eyes dark_skin
RACE W SEX F HAIR RED EYES GRN HGT 504 | white -male red_hair green_eyes
NAM DOE SEX F HAI BRO EYE BLU | -male brown_hair blue_eyes
EYES BRO HAIR GRY SEX M | brown_eyes gray_hair male
BLK HAIR BRO EYES W/M | black_hair brown_eyes white male
"""

SLASHES = r"""
Susp #1 W/M/25 blk hoodie, clean shaven, bald | white male young -beard -mustache -goatee -stubble bald
B/F/40 glasses | black -male middle_aged eyeglasses
m/w, 18-22 yrs, thin mous, blk cap | white male young mustache hat
F/B 60s gry hr | -male black old gray_hair
M/H, mous, brn eyes | male hispanic mustache brown_eyes
W/M/68 bald | white male old bald
"""

OPTIONS = r"""
Glasses (Y/N): N   Beard (Y/N): Y   Hair: blonde | -eyeglasses beard blond_hair
Hat (yes/no): no | -hat
Smiling [Y/N]: Y | smiling
Bald Y/N: N | -bald
Moustache (yes or no): yes | mustache
"""

COLUMNS = r"""
sex,hair,beard\nM,black,yes | male black_hair beard
gender;hair;eyes\nfemale;red;green | -male red_hair green_eyes
| hair | eyes | glasses |\n|---|---|---|\n| brown | blue | no | | brown_hair blue_eyes -eyeglasses
Hair,Hat,Age\ngray,no,70 | gray_hair -hat old
bald,beard,sex\n0,1,male | -bald beard male
"""

BIRTHS = r"""
born in the forties, silver hair | old gray_hair
born 1950, photo taken 2020 | old
DOB 03/14/1999, brown eyes | young brown_eyes
born in 1972 | middle_aged
a woman born in the 1990s | -male young
photographed in 1944, born 1920 | young
"""

ORDERS_OF_AGE = r"""
age him by twenty years | male old
age her up | -male old
take ten years off her | -male young
de-age him | male young
add thirty years | old
"""

FRAMES = r"""
a thick gold chain, thin frames | necklace eyeglasses
round frames and a tie | eyeglasses necktie
tortoiseshell frames |  eyeglasses
picture frames behind her | -male
she wears clear frames | -male eyeglasses
window frames |
"""

DRINKS = r"""
she drinks black coffee and wears green earrings | -male earrings
black tea and a blond wig |
he ordered white wine, his hair is red | male red_hair
a black cab, a red-haired driver | red_hair
heavy rain, heavy accent |
"""

VERBS_BETWEEN = r"""
He had never been able to grow a beard. | male -beard
She never learned to smile. | -male -smiling
he didn't manage to grow a mustache | male -mustache
he never fails to smile | male smiling
she has never wanted to wear glasses | -male -eyeglasses
"""

DISSENT = r"""
Whoever called her pale had not seen her after a ride. | -male -pale_skin
Anyone who says he is bald is lying. | male -bald
It would be unfair to call him fat. | male -chubby
Those who thought her old were wrong. | -male -old
One could scarcely have called him young. | male -young
"""

RAZORS = r"""
The razor had not touched his chin in a week. | male stubble
He had not troubled to shave. | male stubble
a jaw like sandpaper | stubble
he forgot to shave | male stubble
a jaw that needed a shave | stubble
"""

OF_SIZE = r"""
his spectacles perched upon a nose of considerable size | male eyeglasses big_nose
a nose of generous proportions | big_nose
a nose of no great size | -big_nose
her nose was on the large side | -male big_nose
a nose that dominates his face | male big_nose
"""

NOT_YET = r"""
hair not yet gray | -gray_hair
not yet bald | -bald
he is not yet old | male -old
a beard not yet gray | beard
time has not yet dimmed her blue eyes | -male blue_eyes
"""

SHADES = r"""
hair of a deep brown | brown_hair
deep black hair | black_hair
warm brown hair | brown_hair
hair: big brown curls | brown_hair wavy_hair
light brown eyes, medium brown hair | brown_eyes brown_hair
"""

NOT_ON_THE_EYES = r"""
glasses pushed up on her head | -male
sunglasses up on his forehead | male
her shades shoved up into her hair | -male
sunglasses hanging from his shirt | male
glasses raised onto the brow |
"""

PEOPLE_AROUND = r"""
a round table behind a man with square glasses | male eyeglasses
a wall behind a bald woman | bald -male
a dog next to a boy in a cap | male young hat
Not the guy in the hat, the woman beside him with glasses. | -male eyeglasses
not the old man, the girl behind him | -male young
Witness wore glasses. Suspect did not. | -eyeglasses
The cashier was bald, but the robber had long red hair. | long_hair red_hair
Victim is a white female with a hat. The assailant is a black male with a beard. | black male beard
the clerk had a goatee, the thief a moustache | mustache
The officer was old. The intruder was young and blond. | young blond_hair
She looks like her mother, but without the glasses. | -male -eyeglasses
he looks just like his father, only bald | male bald
like her sister but with green eyes | -male green_eyes
she takes after her dad: red hair, freckles | -male red_hair
he has hair like his uncle, who is bald | male
his father was bald | male
her sister has a hat | -male
im looking for a guy whos got a beard | male beard
looking for a blond woman with glasses | blond_hair -male eyeglasses
ISO bald man with tattoos | bald male
I'm a redhead looking for a man with a beard | red_hair
searching for an old lady in a hat | old -male hat
"""

RARE = r"""
guy w/ peach fuzz on his lip | male mustache
he's packing on the pounds, jowly | male chubby double_chin
a grin like the Cheshire cat's, all teeth | smiling
ginge with specs | red_hair eyeglasses
bald as a billiard ball | bald
face full of slap, trout pout | heavy_makeup big_lips
built like a barrel, five o'clock shadow | chubby stubble
thin as a rail, schnozzle | -chubby big_nose
suitcases under his eyes | male bags_under_eyes
cheekbones that could cut glass | high_cheekbones
"""

TAGS = r"""
<hair>red</hair><glasses>no</glasses> | red_hair -eyeglasses
<hair>black</hair><eyes>blue</eyes> | black_hair blue_eyes
<beard>yes</beard><hat>no</hat> | beard -hat
hasHat: false, hasBeard: true, isBald: true | -hat beard bald
hairColor: brown, eyeColor: green | brown_hair green_eyes
wearsGlasses=false longHair=true | -eyeglasses long_hair
name,hair,eyes,glasses\nAnna,blonde,blue,no | blond_hair blue_eyes -eyeglasses
Smiling: No. Looking: left. | -smiling facing_left
Pose: right, hair: red | facing_right red_hair
"""

LETTERS = r"""
SEX/F RAC/A HAI/BLK EYE/BRO HGT/502 | -male asian black_hair brown_eyes
HAI/GRY EYE/BLU SEX/M | gray_hair blue_eyes male
M 45 W bald gls beard | male middle_aged white bald eyeglasses beard
F, 30, B, hoops | -male young black earrings
wm 60 glasses | white male old eyeglasses
salt/pepper hair, stache | gray_hair mustache
"""

OFF = r"""
whip off that tie | -necktie
whip that tie off | -necktie
peel off the mustache | -mustache
strike the hat, he had a hood | -hat male
zap the earrings | -earrings
"""

REMARKS = r"""
youd think hes old but he isnt | male -old
you'd have thought she was bald, but she isn't | -male -bald
hed look better if he wasnt bald | male bald
she'd be pretty if she weren't so fat | -male chubby
I thought he had a beard but he doesn't | male -beard
not old not fat long red hair | -old -chubby long_hair red_hair
"""

BACK_THEN = r"""
he had a ponytail back then; it's short now | male -long_hair
she was blonde in those days | -male
had a beard at one time, clean shaven now | -beard -mustache -goatee -stubble
her hair was red when we met. It is gray. | -male gray_hair
glasses back then, none now |
"""

OWNERS = r"""
his eyes are brown, hers are green | male brown_eyes
Her daughters have long hair; hers is cropped short. | -male -long_hair
Kids were laughing all around; the old man wasn't. | old male -smiling
The lady who served us was old. The one who stole my purse had curly red hair. | wavy_hair red_hair
Me: bald, glasses. You: tall, bearded. | bald eyeglasses
"""

FRONTED = r"""
Black were her eyes. | -male black_eyes
Curly was his hair and brown. | male wavy_hair brown_hair
Her locks fell black and curly to her belt. | -male black_hair wavy_hair long_hair
eyes, a washed-out blue | blue_eyes
white, plus-size, big permed hair | white chubby wavy_hair
"""

IN_WORDS = r"""
a matron of five-and-fifty | -male middle_aged
he was two-and-twenty | male young
just shy of sixty | middle_aged
woman about thirty no make that forty with glasses | -male middle_aged eyeglasses
thats my dad hes 60 hes got a moustache | male old mustache
"""

CARRIED = r"""
he carries a slim black folder and smiles | male smiling
a boy holding a cat and grinning | male young smiling
glasses of lemonade on a tray, she grins | -male smiling
white rose in her black hair | -male black_hair
sunglasses clipped to his collar | male
the man at the counter had a full beard and a hat | male beard hat
"""


@pytest.mark.parametrize(
    "text, says",
    [
        row
        for table in (
            LABELS_IN_CAPITALS, SLASHES, OPTIONS, COLUMNS, BIRTHS, ORDERS_OF_AGE, FRAMES, DRINKS, VERBS_BETWEEN,
            TAGS, LETTERS, OFF, REMARKS, BACK_THEN, OWNERS, FRONTED, IN_WORDS, CARRIED,
            DISSENT, RAZORS, OF_SIZE, NOT_YET, SHADES, NOT_ON_THE_EYES, PEOPLE_AROUND, RARE,
        )
        for row in rows(table)
    ],
)  # fmt: skip
def test_kinds(text, says):
    assert parse(text).attributes == says
