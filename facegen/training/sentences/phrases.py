"""Sentence patterns: how the grammar puts facts into words (see `grammar`)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping

from facegen.training.sentences.wording import (
    COLORS,
    DEGREES,
    FILLERS,
    JARGON,
    KEYS,
    OPENERS,
    THINGS,
    Fact,
    age_words,
    article,
    plural,
)

_NO = ["no", "no", "no", "without", "without", "not any", "no visible", "sans", "minus the", "w/o"]
_LACK = (
    "doesn't have|does not have|doesn't wear|has no|wears no|isn't wearing|never wears|lacks|did not have|hasn't got|"
    "is without|is not wearing|doesnt have|wore no"
).split("|")


# (male, age) -> nouns and their weights; None where a noun does not say it
People = Mapping[tuple[bool | None, str | None], tuple[list[str], list[float]]]


class Writer:
    """Writes one description; holds the random numbers, the pronouns and what was said."""

    def __init__(self, rng: random.Random, chosen: dict[str, bool], facts: list[Fact], people: People) -> None:
        self.rng, self.people = rng, people
        self.male = chosen.get("male")
        self.he, self.his = {True: ("he", "his"), False: ("she", "her"), None: ("they", "their")}[self.male]
        self.has = "have" if self.male is None else "has"
        self.age = next((n for n in ("young", "middle_aged", "old") if chosen.get(n)), None)
        denied = {name for f in facts for name in f.denies}
        self.facts = [f for f in facts if f.name != self.age and f.name not in denied]
        rng.shuffle(self.facts)
        self.said = {f.name: f.value for f in self.facts} | dict.fromkeys(denied, False)
        if self.age:
            self.said[self.age] = True
        if self.male is not None:
            self.said["male"] = self.male

    def degree(self) -> str:
        """An adverb of degree with a space behind it, or most often nothing."""
        return self.rng.choice(DEGREES) if self.rng.random() < 0.08 else ""

    def person(self) -> str:
        """A noun for the person; one that gives the age away ("a boy") now and then, where the age fits."""
        if self.age and (self.male, self.age) in self.people and self.rng.random() < 0.35:
            words = self.people[self.male, self.age]
            self.age = None
        else:
            words = self.people[self.male, None]
        return self.rng.choices(*words)[0]

    def noun(self, fact: Fact) -> str:
        """A noun or a part with its word, without negation: "a beard", "blue eyes", "a big nose"."""
        if fact.form == "part":
            phrase = f"{self.degree()}{fact.word} {fact.part}"
            return phrase if plural(fact.part) or fact.part in ("hair", "skin") else article(phrase) + phrase
        phrase = fact.word
        if self.rng.random() < 0.1 and fact.form == "noun":
            phrase = f"{self.rng.choice(['black', 'long', 'thick', 'big', 'small', 'white', 'gray', 'red'])} {phrase}"
        return article(phrase) + phrase

    def bare(self, fact: Fact) -> str:
        """A fact without article or negation: "big nose", "beard"."""
        return f"{fact.word} {fact.part}" if fact.form == "part" else fact.word

    def listed(self, items: list[str], last: str = "and") -> str:
        """Items joined as English lists them: "a, b and c"; `last` stands before the last."""
        if len(items) < 2:
            return "".join(items)
        comma = "," if self.rng.random() < 0.4 and len(items) > 2 else ""
        return f"{', '.join(items[:-1])}{comma} {last} {items[-1]}"

    def hair(self, facts: list[Fact]) -> list[str]:
        """Facts about one part, joined into one phrase with its words in front: "long, wavy black hair"."""
        grouped = defaultdict(list)
        for fact in facts:
            grouped[fact.part].append(fact)
        phrases = []
        for part, group in grouped.items():
            words = [self.degree() + f.word for f in group]
            joined = self.rng.choice([" ", ", "]).join(words)
            phrase = f"{joined} {part}"
            phrases.append(phrase if plural(part) or part in ("hair", "skin") else article(phrase) + phrase)
        return phrases

    def denials(self, facts: list[Fact]) -> list[str]:
        """Noun phrases with "no" and "without": "no beard or glasses"."""
        rng, phrases = self.rng, []
        nouns = [f for f in facts if f.form != "adjective"]
        while nouns:
            take = nouns[: rng.choice([1, 1, 1, 2, 3])]
            nouns = nouns[len(take) :]
            bare = [self.bare(f) for f in take]
            word = rng.choice(_NO)
            if len(take) > 1 and rng.random() < 0.25:
                phrases.append(f"neither {self.listed(bare, 'nor')}")
            elif word == "without" and len(bare) > 1:
                plain = all(f.form == "noun" for f in take)
                phrases.append(f"without {self.listed(bare, rng.choice(['or', 'and']) if plain else 'or')}")
            else:
                phrases.append(f"{word} {self.listed(bare, 'or')}")
        phrases += [f"not {self.degree()}{f.word}" for f in facts if f.form == "adjective"]
        rng.shuffle(phrases)
        return phrases

    def split(self) -> tuple[list[Fact], list[Fact], list[Fact], list[Fact]]:
        """The facts as (adjectives, parts, nouns, denied ones)."""
        adjectives = [f for f in self.facts if f.form == "adjective" and not f.negate]
        parts = [f for f in self.facts if f.form == "part" and not f.negate]
        nouns = [f for f in self.facts if f.form == "noun" and not f.negate]
        return adjectives, parts, nouns, [f for f in self.facts if f.negate]

    def distraction(self) -> str:
        """Something that says nothing about the face."""
        rng = self.rng
        other = "woman" if self.male else "man"
        thing = f"{rng.choice(COLORS)} {rng.choice(THINGS)}"
        return rng.choice([
            f"in a {thing}", f"wearing a {thing}", f"{rng.choice(COLORS)} background", 
            f"against a {rng.choice(COLORS)} background",
            rng.choice(FILLERS), rng.choice(JARGON), f"with a {thing}",
            *([f"next to a {rng.choice(['bald', 'bearded', 'smiling', 'blond', 'young', 'tall'])} {other}",
               f"talking to a {other} with {rng.choice(['glasses', 'a hat', 'red hair', 'blue eyes', 'a big nose'])}"]
              if self.male is not None else []),
            "with wine glasses on the table", "holding a hat",
        ])  # fmt: skip

    def phrase(self) -> str:
        """One noun phrase: "a young Asian woman with long, black hair, no glasses, smiling"."""
        rng = self.rng
        person = self.person()
        adjectives, parts, nouns, denied = self.split()
        front = [f for f in adjectives if " " not in f.word and rng.random() < 0.6]
        behind = [f for f in adjectives if f not in front]
        words = [f.word for f in front]
        if self.age and rng.random() < 0.5:
            words.append(
                {"young": "young", "middle_aged": "middle-aged", "old": rng.choice(["old", "elderly"])}[self.age]
            )
            self.age = None
        rng.shuffle(words)
        pieces = [" ".join([*words, person])]
        pieces[0] = (article(pieces[0]) if rng.random() < 0.8 else "") + pieces[0]
        have = self.hair(parts) + [self.noun(f) for f in nouns]
        rng.shuffle(have)
        if have:
            pieces[0] += f" {rng.choice(['with', 'with', 'with', 'who has', 'having', 'w/'])} {self.listed(have)}"
        rest = self.denials(denied) + [self.degree() + f.word for f in behind]
        if self.age:
            rest.append(age_words(rng, self.age, self.male))
        if rng.random() < 0.3:
            rest.append(self.distraction())
        rng.shuffle(rest)
        glue = rng.choice([", ", ", ", " and ", ", but "]) if len(rest) == 1 else ", "
        opener = rng.choice(OPENERS) if rng.random() < 0.3 else ""
        return opener + glue.join(pieces + rest) + rng.choice(["", ".", ""])

    def sentences_of_lack(self, denied: list) -> list[str]:
        """Sentences that say what the person lacks: "She doesn't wear glasses", "His beard isn't long"."""
        rng, he, his = self.rng, self.he, self.his
        out = []
        nos = [f for f in denied if f.form != "adjective"]
        while nos:
            take = nos[: rng.randint(1, 2)]
            nos = nos[len(take) :]
            negative = next((f for f in take if f.form == "part"), None)
            if len(take) == 1 and negative and rng.random() < 0.5:
                verb = rng.choice(["aren't", "are not"] if plural(negative.part) else ["isn't", "is not"])
                out.append(f"{his} {negative.part} {verb} {self.degree()}{negative.word}")
            else:
                items = [
                    (article(b) if rng.random() < 0.5 else "any " if rng.random() < 0.2 else "") + b
                    for b in map(self.bare, take)
                ]
                lack = rng.choice(_LACK)
                items = items if "no" not in lack.split() else [self.bare(f) for f in take]
                out.append(f"{he} {lack} {self.listed(items, 'or')}")
        for f in denied:
            if f.form == "adjective":
                out.append(
                    f"{he} {rng.choice(['is not', 'isnt', 'was not', 'is never', 'isn' + chr(39) + 't'])} {f.word}"
                )
        return out

    def sentences(self) -> str:
        """Whole sentences with pronouns: "She is old. Her hair is long and gray. She doesn't wear glasses."."""
        rng, he, his = self.rng, self.he, self.his
        adjectives, parts, nouns, denied = self.split()
        is_ = "are" if self.male is None else "is"
        out = []
        if self.age:
            out.append(
                f"{he} {is_} "
                + (self.age.replace("_", "-") if rng.random() < 0.3 else age_words(rng, self.age, self.male))
            )
        grouped = defaultdict(list)
        for fact in parts:
            grouped[fact.part].append(fact)
        have = [self.noun(f) for f in nouns]
        for part, group in grouped.items():
            if rng.random() < 0.5:
                verb = "are" if plural(part) else "is"
                words = self.listed([self.degree() + f.word for f in group])
                out.append(f"{rng.choice([his, his, 'the'])} {part} {verb} {words}")
            else:
                have += self.hair(group)
        rng.shuffle(have)
        while have:
            take = have[: rng.randint(1, 3)]
            have = have[len(take) :]
            out.append(f"{he} {rng.choice([self.has, self.has, 'had', 'wears', 'is wearing'])} {self.listed(take)}")
        if adjectives:
            out.append(f"{he} {is_} {self.listed([self.degree() + f.word for f in adjectives])}")
        out += self.sentences_of_lack(denied)
        if rng.random() < 0.3:
            out.append(f"{he} {is_} {self.distraction()}")
        rng.shuffle(out)
        if rng.random() < 0.4 and out:
            person = self.rng.choices(*self.people[self.male, None])[0]
            out[0] = (
                out[0].replace(f"{he} ", f"{rng.choice(['the', 'this', 'a'])} {person} ", 1)
                if out[0].startswith(he)
                else out[0]
            )
        elif self.male is None:
            out = [o.replace("they are", "the person is") for o in out]
        text = ""
        for i, sentence in enumerate(out):
            joint = rng.choice([". ", ". ", ". ", ", ", " and ", "; ", ", but "]) if i else ""
            text += joint + (sentence[:1].upper() + sentence[1:] if joint in (". ", "") else sentence)
        if he not in text.lower().split() and his not in text.lower().split() and self.male is not None:
            text = f"{rng.choices(*self.people[self.male, None])[0]}: {text}"
        return text + rng.choice([".", "", "."])

    def tags(self) -> str:
        """Comma-separated tags, as for image generators."""
        rng = self.rng
        adjectives, parts, nouns, denied = self.split()
        out = [f.word for f in adjectives + nouns] + [f"{f.word} {f.part}" for f in parts] + self.denials(denied)
        if self.age:
            out.append(age_words(rng, self.age, self.male) if rng.random() < 0.5 else self.age.replace("_", " "))
        if rng.random() < 0.5:
            out.append(rng.choice(JARGON))
        if rng.random() < 0.2:
            out.append(self.distraction())
        rng.shuffle(out)
        if self.male is not None:
            out.insert(
                0 if rng.random() < 0.7 else rng.randint(0, len(out)), rng.choices(*self.people[self.male, None])[0]
            )
        text = rng.choice([", ", ", ", ", ", "; ", "\n", "\n- ", " "]).join(out)
        return text.replace(" ", "_") if rng.random() < 0.05 and ", " in text and "_" not in text else text

    def form(self) -> str:
        """A filled-in form: "Hair: short, gray. Glasses: none."."""
        rng = self.rng
        adjectives, parts, nouns, denied = self.split()
        lines = []
        grouped = defaultdict(list)
        for fact in parts:
            grouped[fact.part].append(fact.word)
        for part, words in grouped.items():
            lines.append((rng.choice(KEYS.get(part, [part])), ", ".join(words)))
        for fact in nouns:
            lines.append((fact.word, rng.choice(["yes", "yes", "present", "y"])))
        for fact in denied:
            if fact.form == "part":
                lines.append((fact.part, f"not {fact.word}"))
            elif fact.form == "noun":
                lines.append((fact.word, rng.choice(["no", "none", "none", "no", "absent"])))
            else:
                lines.append(("other", f"not {fact.word}"))
        lines += [(rng.choice(["other", "notes", "appearance"]), f.word) for f in adjectives]
        if self.age:
            lines.append(("age", age_words(rng, self.age, self.male)))
        if self.male is not None:
            lines.append((rng.choice(["sex", "gender"]), "male" if self.male else "female"))
        rng.shuffle(lines)
        colon = rng.choice([": ", ": ", ": ", " - ", "? ", ":"])
        upper = rng.random() < 0.6
        return rng.choice(["\n", "\n- ", ". ", "; ", ", ", " | "]).join(
            (key.capitalize() if upper else key) + colon + value for key, value in lines
        )
