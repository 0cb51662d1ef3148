"""Longer and odder sentences: who has what, what is gone, what is compared, boxes to choose from."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

CHOICES = r"""
HAIR COLOR [ ] BLACK [X] BROWN [ ] BLOND | brown_hair -black_hair -blond_hair
Sex ☒ M ☐ F; Glasses ☐ Yes ☒ No | male -eyeglasses
Eyes ( ) blue (x) green ( ) brown | green_eyes -blue_eyes -brown_eyes
Beard [x] yes [ ] no | beard
Hair [x] curly [ ] straight\nHat [ ] yes [x] no | wavy_hair -straight_hair -hat
glasses [ ] beard [x] | -eyeglasses beard
"""

LEADERS = r"""
Beard ...... none / Eyewear ...... glasses / Headwear ...... cap | -beard eyeglasses hat
Hair ..... brown\nEyes ..... blue | brown_hair blue_eyes
Hat: none / Tie: yes / Earrings: none | -hat necktie -earrings
Hair: dark brown / black. Length: short. | brown_hair -long_hair
blond... make that brown hair | brown_hair
"""

GONE = r"""
his moustache fell victim to the razor | male -mustache
her hat blew away | -male -hat
He had left off his spectacles out of vanity. | male -eyeglasses
the goatee has been removed | -goatee
her earrings were stolen | -male -earrings
a cap sticking out of his back pocket | male
the necktie went missing | -necktie
"""

OTHERS = r"""
My sister is the one with glasses; I don't wear any. | -eyeglasses
My boss has a beard. I have none. | -beard
A policeman with a moustache was holding her; she was young and red-haired. | -male young red_hair
The driver, a woman in glasses, said the thief was an old man with a beard. | old male beard
She sat between two bearded men. | -male
The gentleman was elderly, with a bowler. The younger man with him had red hair. | male old hat
Move the tall blond guy, I want the short bald guy behind him. | bald male
an eighty-year-old with the skin of a girl | old
"""

COMPARED = r"""
his hair is shorter than his wife's | male
she is older than my mother | -male
her hair is longer than mine | -male
he's fatter than his brother | male
thinner than her sister | -male
"""

SUBJECTS = r"""
She had been, they said, a redhead; the hair under the bonnet was white. | -male gray_hair hat
the hair on his head was brown | male brown_hair
hair over her eyes, green | -male green_eyes
the hair beneath the cap is black | black_hair hat
the curls around her face were red | -male wavy_hair red_hair
"""

LISTS_OF_NOES = r"""
not bald short gray hair mustache | -bald -long_hair gray_hair mustache
not bald long hair beard | -bald long_hair beard
not fat not bald brown eyes | -chubby -bald brown_eyes
no hat curly hair | -hat wavy_hair
not smiling red lips | -smiling lipstick
"""

HOLD_ON = r"""
a man with, hold on, a woman with a hat | -male hat
blond hair, delete that, red hair | red_hair
a beard, oh wait, a goatee | goatee
green eyes, er no, blue eyes | blue_eyes
bald, I take that back, gray hair | bald gray_hair
"""

FIGURES = r"""
blue were his eyes, black his beard | male blue_eyes beard
none upon his head | male bald
a girl with winged liner | -male young heavy_makeup
beer gut and a bald head | chubby bald
mouse-coloured hair, sea-blue eyes | brown_hair blue_eyes
"""

ECHOES = r"""
Her brother wears glasses but she has never needed them. | -male -eyeglasses
The others all had hats; he did without one. | male -hat
My friend had a beard. I never wanted one. | -beard
Her sister wears earrings, she won't touch them. | -male -earrings
Most of them wore caps; he never did. | male -hat
"""

SUBJECTS_ASIDE = r"""
the guy selling sunglasses was blond | male blond_hair
the woman in the hat is dark-haired | -male hat black_hair
the man with the beard was blond | male beard blond_hair
a girl holding a beret is ginger | -male young red_hair
his beard is gray | male beard
"""

LIKENED = r"""
hair as black as the inside of a hat | black_hair
eyes as blue as her tie | -male blue_eyes
as bald as the hat stand | bald
eyes as black as her hat | -male black_eyes
skin as white as her hat | -male pale_skin
"""

BECOMING = r"""
turn him into an old woman | old -male
turn her into a bald man | male bald
change the man into a young woman with glasses | -male young eyeglasses
make him into a redheaded girl | -male young red_hair
transform her into a bearded guy | male beard
"""

AGES = r"""
she can't be more than 22 | -male young
born in '58 | old
four decades old | middle_aged
a woman with sixty summers behind her | -male old
M, early fifties | male middle_aged
"""

NESTED = r"""
[{"name":"beard","value":true},{"name":"hat","value":false}] | beard -hat
{"name": "glasses", "checked": false} | -eyeglasses
Q: Glasses? A: No. Q: Beard? A: Yes. | -eyeglasses beard
beard - (none); hat - (cap) | -beard hat
hair=blonde eyes=blue hat=none | blond_hair blue_eyes -hat
"""

EXCEPTIONS = r"""
Nobody in the room was smiling but her. | -male smiling
Everyone was wearing hats except him. | male -hat
All the women wore earrings save her. | -male -earrings
Everybody had glasses apart from her | -male -eyeglasses
everyone else was smiling except for him | male -smiling
"""

ASIDES = r"""
She was not, nor had she ever been, blonde. | -male -blond_hair
a man whose wife has red hair | male
Age had thinned his hair but not his smile. | male smiling
spectacles which did nothing to hide her green eyes | -male eyeglasses green_eyes
Of hair he had none left. | male bald
20, white, thin face, blond hair | young white -chubby blond_hair
wore earrings in the nineties, now a hat | earrings hat
a bearded goat, curly pasta and a straight answer |
"""

SHORT_FORMS = r"""
I'm 33 | young
blk/m, 20s | black male young
W F 5'6 brown hair ponytail | white -male brown_hair long_hair
a man in a hat. No: a cap. | male hat
He's shorter than the bearded guy. | male
his glasses are broken | male -eyeglasses
eyebrows that meet in the middle | bushy_eyebrows
a brown-eyed Susan in a vase |
"""


@pytest.mark.parametrize(
    "text, says",
    [
        row
        for table in (
            CHOICES, LEADERS, GONE, OTHERS, COMPARED, SUBJECTS, LISTS_OF_NOES, HOLD_ON, FIGURES,
            ECHOES, SUBJECTS_ASIDE, LIKENED, BECOMING, AGES, NESTED, EXCEPTIONS, ASIDES, SHORT_FORMS,
        )
        for row in rows(table)
    ],
)  # fmt: skip
def test_stories(text, says):
    assert parse(text).attributes == says
