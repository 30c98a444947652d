"""Other words for the sampler's questions, so that the model does not depend on how it is asked.

The sampler's own wordings, in American spelling, are those of the test scenes and stay as they are; training draws
from the lists here for a share of its questions. A few wordings are held out: never trained on, they show what the
model makes of words that it has not met.
"""

import re

from questions import LARGEST_MARGIN, Question, article

# What stands for a picture, and for "color".
PICTURES = ("image", "picture", "photo", "scene")
COLORS = ("color", "colour")

# By category; {c} is color or colour, {p} a word for the picture, {x} the noun phrase, {a} and {b} those of a relation.
TRAINED = {
    "existence": ("Is there {x}?", "Is there {x} in the {p}?", "Can you see {x}?", "Do you see {x}?", "Does the {p} show {x}?",
                  "Does the {p} contain {x}?", "Is {x} in the {p}?", "Is {x} visible?", "Can you find {x} in the {p}?",
                  "Is there {x} here?", "Are you able to see {x}?"),
    "color": ("What {c} is the {x}?", "Which {c} does the {x} have?", "What is the {c} of the {x}?", "Which {c} is the {x}?",
              "What's the {c} of the {x}?", "What {c} does the {x} have?", "The {x} is what {c}?", "Tell me the {c} of the {x}.",
              "What {c} is the {x} in the {p}?", "Name the {c} of the {x}."),
    "shape": ("What shape is the {x}?", "What is the shape of the {x}?", "Which shape does the {x} have?",
              "Which shape is the {x}?", "What's the shape of the {x}?", "What shape does the {x} have?",
              "Tell me the shape of the {x}.", "What is the {x}?", "Name the shape of the {x}.", "What kind of shape is the {x}?"),
    "count": ("How many {x} are there?", "How many {x} are in the {p}?", "How many {x} can you see?", "How many {x} do you see?",
              "Count the {x}.", "What is the number of {x}?", "How many {x} does the {p} show?", "How many {x} are there in the {p}?",
              "Tell me how many {x} there are.", "How many {x}?"),
    "quadrant": ("In which quadrant is the {x}?", "Which quadrant contains the {x}?", "Which part of the {p} is the {x} in?",
                 "Where is the {x}?", "Where in the {p} is the {x}?", "In which part of the {p} is the {x}?",
                 "Where can I find the {x}?", "In which corner is the {x}?", "Where is the {x} located?", "Where's the {x}?"),
    "largest color": ("What {c} is the {x}?",
                      "What is the {c} of the {x}?", "Which {c} is the {x}?", "Which {c} does the {x} have?",
                      "What's the {c} of the {x}?"),
    "largest shape": ("What shape is the {x}?", "What is the shape of the {x}?", "Which shape is the {x}?",
                      "Which shape does the {x} have?", "What's the shape of the {x}?"),
    "largest": ("What is the {x}?", "Which is the {x}?", "Which object is the largest?", "Which object is the biggest?",
                "What's the {x}?"),
    "character": ("What character is printed on the {x}?", "Which letter or digit is on the {x}?", "What is written on the {x}?",
                  "What's written on the {x}?", "Which character is on the {x}?", "What does the {x} say?", "Read the {x}.",
                  "What is printed on the {x}?", "What letter or number is on the {x}?", "What is on the {x}?",
                  "What text is on the {x}?"),
    "open": ("What is this?", "What's this?", "What do you see?", "What is in the {p}?", "What does the {p} show?",
             "What is shown here?", "What can you see?", "Describe the {p}.", "What is it?", "What's in the {p}?",
             "What object is this?", "What is that?"),
}
HELD_OUT = {
    "existence": ("Can {x} be seen in the {p}?", "Is {x} present?"),
    "color": ("Do you know the {c} of the {x}?", "What {c} has the {x}?"),
    "shape": ("Do you know the shape of the {x}?", "What shape has the {x}?"),
    "count": ("Can you count the {x}?", "How many {x} are visible?"),
    "quadrant": ("Where do you see the {x}?", "Which corner is the {x} in?"),
    "largest color": ("Tell me the {c} of the {x}.",), "largest shape": ("Tell me the shape of the {x}.",),
    "largest": ("Name the {x}.",),
    "character": ("What can be read on the {x}?", "Which symbol is on the {x}?"),
    "open": ("What am I looking at?", "What is visible in the {p}?"),
}
LARGEST = ("largest object", "biggest object", "largest thing", "biggest thing", "largest shape", "largest item")

# A relation in words: for the yes-or-no form by direction, for the other by axis.
SIDES = {
    "left": ("to the left of", "left of", "on the left of", "on the left side of", "further left than"),
    "right": ("to the right of", "right of", "on the right of", "on the right side of", "further right than"),
    "above": ("above", "over", "higher than", "on top of", "further up than"),
    "below": ("below", "under", "lower than", "beneath", "further down than"),
}
CHOICES = {
    "left": ("left or right of", "to the left or to the right of", "on the left or on the right of", "to the left or right of"),
    "above": ("above or below", "over or under", "higher or lower than"),
}
RELATIONS = ("Is the {a} {side} the {b}?", "Does the {a} lie {side} the {b}?", "Can you see the {a} {side} the {b}?")
HELD_OUT_RELATIONS = ("Would you say that the {a} is {side} the {b}?", "Do you see the {a} {side} the {b}?")
RELATION = re.compile(r"Is the (.+?) (to the left of|to the right of|left or right of|above or below|above|below) the (.+)\?")

SYNONYMS = (("objects", "things"), ("objects", "items"), ("object", "thing"), ("object", "item"))
SUFFIXES = (" Answer briefly.", "\nAnswer the question using a single word or phrase.", " Answer with one word.", " Please.")


def fill(template, phrases, rng):
    """The text, and where each noun phrase ends in it."""
    text = template.replace("{c}", rng.choice(COLORS)).replace("{p}", rng.choice(PICTURES))
    ends = []
    for name, phrase in phrases:
        at = text.find("{%s}" % name)
        if at < 0:
            ends.append(None)
            continue
        text = text[:at] + phrase + text[at + 3:]
        ends.append(at + len(phrase))
    return text, ends


def phrase_of(question):
    """The noun phrase that a question asks about: what stands before the end of its only mention."""
    before = question.text[:question.mentions[0][0]]
    starts = ("Is there ", "Can you see ", "How many ", "is the ", "does the ", "of the ", "contains the ", "on the ")
    return before[max(before.rindex(start) + len(start) for start in starts if start in before):]


def varied(question, rng, held_out=False):
    """The same question in other words."""
    lists = HELD_OUT if held_out else TRAINED
    if question.category == "relation":
        match = RELATION.fullmatch(question.text)
        first, words, second = match.groups()
        if " or " in words:
            side = rng.choice(CHOICES["left" if "left" in words else "above"])
        else:
            side = rng.choice(SIDES[next(s for s in SIDES if s in words)])
        template = rng.choice(HELD_OUT_RELATIONS if held_out else RELATIONS).replace("{side}", side)
        phrases = [("a", first), ("b", second)]
    elif question.category == "largest":
        template = rng.choice(lists[f"largest {question.form}"])
        phrases = [("x", rng.choice(LARGEST))]
    else:
        template, phrases = rng.choice(lists[question.category]), [("x", phrase_of(question))]
    text, ends = fill(template, phrases, rng)
    mentions = tuple((end if end is not None else len(text), objects) for end, (_, objects) in zip(ends, question.mentions))
    return question._replace(text=text, mentions=mentions)


def winner(scene):
    """The object that is clearly the largest, or the only one; None where there is none."""
    order = sorted(range(len(scene.objects)), key=lambda i: -scene.objects[i].size)
    if not order or (len(order) > 1 and scene.objects[order[0]].size - scene.objects[order[1]].size < LARGEST_MARGIN):
        return None
    return order[0]


def named(scene, index):
    return article(f"{scene.objects[index].color} {scene.objects[index].shape}")


def open_question(scene, rng, held_out=False):
    """"What is this?": the object that is clearly the largest, or None."""
    index = winner(scene)
    if index is None:
        return None
    lists = HELD_OUT if held_out else TRAINED
    about_largest = len(scene.objects) > 1 and rng.random() < 0.3
    template = rng.choice(lists["largest" if about_largest else "open"])
    text, _ = fill(template, [("x", rng.choice(LARGEST))], rng)
    return Question(text, named(scene, index), "open", "", ((len(text), (index,)),))


def roughened(question, rng):
    """As people type: small letters, no question mark, other nouns, a request for a short answer."""
    text, mentions = question.text, question.mentions
    if rng.random() < 0.15:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.15 and text[-1] in "?.":
        text = text[:-1]
        mentions = tuple((min(end, len(text)), objects) for end, objects in mentions)
    if rng.random() < 0.1:
        text += rng.choice(SUFFIXES)
    for plain, other in (rng.choice(SYNONYMS),):
        if rng.random() < 0.2 and re.search(rf"\b{plain}\b", text):
            at = text.index(plain)
            text = text[:at] + other + text[at + len(plain):]
            moved = len(other) - len(plain)
            mentions = tuple((end + moved if end > at else end, objects) for end, objects in mentions)
    return question._replace(text=text, mentions=mentions)


def roughened_text(text, rng):
    """A question of another collection as people type it; half stay as they are."""
    if rng.random() < 0.5:
        return text
    spelled = text.replace("color", rng.choice(COLORS)).replace("image", rng.choice(PICTURES))
    return roughened(Question(spelled, "", "", "", ()), rng).text


class VariedSampler:
    """A sampler's questions, most of them in other words, and open ones among them."""

    def __init__(self, sampler, plain=0.3, opened=3, held_out=False):
        self.sampler, self.plain, self.opened, self.held_out = sampler, plain, opened, held_out

    def sample(self, scene, number, rng):
        questions = self.sampler.sample(scene, number, rng)
        if self.held_out:
            asked = open_question(scene, rng, held_out=True)
            return [varied(q, rng, held_out=True) for q in questions][:number - bool(asked)] + [asked] * bool(asked)
        questions = [q if rng.random() < self.plain else roughened(varied(q, rng), rng) for q in questions]
        asked = [open_question(scene, rng) for _ in range(self.opened)]
        asked = list({q.text: roughened(q, rng) for q in asked if q}.values())
        return questions[:number - len(asked)] + asked
