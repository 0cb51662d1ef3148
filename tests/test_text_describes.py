"""Which noun a describing word belongs to: attributes in every order and form."""

from __future__ import annotations

import pytest

from facegen.text import parse
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


@pytest.mark.parametrize("text, says", rows(DESCRIBING))
def test_describing(text, says):
    """Words before their noun, behind it, or without it."""
    assert parse(text).attributes == says
