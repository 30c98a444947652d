"""Questions about a scene: unambiguous by construction, answers balanced within each category.

An object is only asked about through a description that fits it alone. Among the questions that a scene allows, the
sampler prefers the answer that it has given least often so far, so that a model without the picture learns nothing
from the question's wording.
"""

from collections import Counter, defaultdict, namedtuple

from scenes import COLOR_NAMES, SHAPES

CATEGORIES = ("existence", "color", "shape", "count", "relation", "quadrant", "largest", "character")
# Two objects are left/right or above/below of each other only if their centres are this far apart.
RELATION_MARGIN = 20
# An object lies in a quadrant only if its centre keeps this distance from both middle lines.
QUADRANT_MARGIN = 14
LARGEST_MARGIN = 7

Question = namedtuple("Question", "text answer category form")


def plural(shape):
    return {"cross": "crosses"}.get(shape, shape + "s")


def article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def descriptions(scene):
    """For each object, the ways to name it that fit no other object."""
    by_color = Counter(o.color for o in scene.objects)
    by_shape = Counter(o.shape for o in scene.objects)
    by_pair = Counter((o.color, o.shape) for o in scene.objects)
    names = []
    for o in scene.objects:
        ways = []
        if by_pair[o.color, o.shape] == 1:
            ways.append(f"{o.color} {o.shape}")
        if by_color[o.color] == 1:
            ways.append(f"{o.color} object")
        if by_shape[o.shape] == 1:
            ways.append(o.shape)
        names.append(ways)
    return names


def existence(scene, names, rng):
    colors, shapes = {o.color for o in scene.objects}, {o.shape for o in scene.objects}
    pairs = {(o.color, o.shape) for o in scene.objects}
    # Absent pairs whose colour or shape is in the scene: seeing one of the two must not be enough.
    near = [(c, s) for c in COLOR_NAMES for s in SHAPES
            if (c, s) not in pairs and (c in colors) + (s in shapes) >= min(2, len(pairs))]
    absent = near or [(c, s) for c in sorted(colors) for s in SHAPES if (c, s) not in pairs]
    things = [(article(" ".join(p)), "yes", "pair") for p in sorted(pairs)]
    things += [(article(" ".join(p)), "no", "pair") for p in absent]
    things += [(article(s), "yes" if s in shapes else "no", "shape") for s in SHAPES]
    things += [(article(f"{c} object"), "yes" if c in colors else "no", "color") for c in COLOR_NAMES]
    for thing, answer, form in things:
        text = rng.choice(("Is there {}?", "Is there {} in the image?", "Can you see {}?")).format(thing)
        yield Question(text, answer, "existence", form)


def color(scene, names, rng):
    by_shape = Counter(o.shape for o in scene.objects)
    for o in scene.objects:
        if by_shape[o.shape] == 1:
            text = rng.choice(("What color is the {}?", "Which color does the {} have?", "What is the color of the {}?"))
            yield Question(text.format(o.shape), o.color, "color", o.shape)


def shape(scene, names, rng):
    by_color = Counter(o.color for o in scene.objects)
    for o in scene.objects:
        if by_color[o.color] == 1:
            text = rng.choice(("What shape is the {} object?", "What is the shape of the {} object?",
                               "Which shape does the {} object have?"))
            yield Question(text.format(o.color), o.shape, "shape", o.color)


def count(scene, names, rng):
    def ask(thing, number, form):
        text = rng.choice(("How many {} are there?", "How many {} are in the image?", "How many {} can you see?"))
        return Question(text.format(thing), str(number), "count", form)

    yield ask("objects", len(scene.objects), "all")
    for c in COLOR_NAMES:
        yield ask(f"{c} objects", sum(o.color == c for o in scene.objects), "color")
    for s in SHAPES:
        yield ask(plural(s), sum(o.shape == s for o in scene.objects), "shape")


def relation(scene, names, rng):
    for i, a in enumerate(scene.objects):
        for j, b in enumerate(scene.objects):
            if i == j or not names[i] or not names[j]:
                continue
            first, second = rng.choice(names[i]), rng.choice(names[j])
            for gap, low, high, joint in ((a.x - b.x, "left", "right", "to the {} of"), (a.y - b.y, "above", "below", "{}")):
                if abs(gap) < RELATION_MARGIN:
                    continue
                true = low if gap < 0 else high
                if rng.random() < 0.4:
                    ask = "left or right of" if low == "left" else "above or below"
                    yield Question(f"Is the {first} {ask} the {second}?", true, "relation", low)
                else:
                    said = rng.choice((low, high))
                    text = f"Is the {first} {joint.format(said)} the {second}?"
                    yield Question(text, "yes" if said == true else "no", "relation", said)


def quadrant(scene, names, rng):
    middle = scene.canvas / 2
    for o, ways in zip(scene.objects, names):
        if not ways or min(abs(o.x - middle), abs(o.y - middle)) < QUADRANT_MARGIN:
            continue
        answer = ("top" if o.y < middle else "bottom") + " " + ("left" if o.x < middle else "right")
        text = rng.choice(("In which quadrant is the {}?", "Which quadrant contains the {}?",
                           "Which part of the image is the {} in?"))
        yield Question(text.format(rng.choice(ways)), answer, "quadrant", "")


def largest(scene, names, rng):
    order = sorted(scene.objects, key=lambda o: -o.size)
    if len(order) < 2 or order[0].size - order[1].size < LARGEST_MARGIN:
        return
    yield Question(rng.choice(("What color is the largest object?", "What is the color of the biggest object?")),
                   order[0].color, "largest", "color")
    yield Question(rng.choice(("What shape is the largest object?", "What is the shape of the biggest object?")),
                   order[0].shape, "largest", "shape")


def character(scene, names, rng):
    for o, ways in zip(scene.objects, names):
        if ways and o.character:
            text = rng.choice(("What character is printed on the {}?", "Which letter or digit is on the {}?",
                               "What is written on the {}?"))
            yield Question(text.format(rng.choice(ways)), o.character, "character", "")


ASKERS = {f.__name__: f for f in (existence, color, shape, count, relation, quadrant, largest, character)}


class Sampler:
    """Draws questions about scenes and keeps the answers of each category and form level."""

    def __init__(self, weights=None):
        self.weights = weights or {c: 1.0 for c in CATEGORIES}
        self.given = defaultdict(Counter)

    def pick(self, candidates, rng):
        # The form first: otherwise the many existence and count questions of one form would crowd out the others.
        form = rng.choice(sorted({q.form for q in candidates}))
        candidates = [q for q in candidates if q.form == form]
        given = self.given[candidates[0].category, form]
        least = min(given[q.answer] for q in candidates)
        return rng.choice([q for q in candidates if given[q.answer] == least])

    def sample(self, scene, number, rng):
        """Up to `number` different questions: every category in turn, in the order of a weighted shuffle."""
        names = descriptions(scene)
        pools = {c: list(ASKERS[c](scene, names, rng)) for c, w in self.weights.items() if w > 0}
        chosen = []
        while len(chosen) < number and any(pools.values()):
            open_ = [c for c in pools if pools[c]]
            for c in sorted(open_, key=lambda c: rng.random() ** (1 / self.weights[c]), reverse=True):
                if len(chosen) == number:
                    break
                question = self.pick(pools[c], rng)
                self.given[c, question.form][question.answer] += 1
                pools[c] = [q for q in pools[c] if q.text != question.text]
                chosen.append(question)
        return chosen
