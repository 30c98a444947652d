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

# `mentions`: for each noun phrase, where in the text it ends and which objects fit it. Training alone reads them.
Question = namedtuple("Question", "text answer category form mentions")


def plural(shape):
    return {"cross": "crosses"}.get(shape, shape + "s")


def article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def mention(template, phrase, objects):
    """The text, and that its phrase means the objects."""
    return template.format(phrase), ((template.index("{}") + len(phrase), tuple(objects)),)


def those(scene, color=None, shape=None):
    return [i for i, o in enumerate(scene.objects) if color in (None, o.color) and shape in (None, o.shape)]


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
    things = [(article(" ".join(p)), p, "yes", "pair") for p in sorted(pairs)]
    things += [(article(" ".join(p)), p, "no", "pair") for p in absent]
    things += [(article(s), (None, s), "yes" if s in shapes else "no", "shape") for s in SHAPES]
    things += [(article(f"{c} object"), (c, None), "yes" if c in colors else "no", "color") for c in COLOR_NAMES]
    for thing, pair, answer, form in things:
        template = rng.choice(("Is there {}?", "Is there {} in the image?", "Can you see {}?"))
        text, mentions = mention(template, thing, those(scene, *pair))
        yield Question(text, answer, "existence", form, mentions)


def color(scene, names, rng):
    by_shape = Counter(o.shape for o in scene.objects)
    for index, o in enumerate(scene.objects):
        if by_shape[o.shape] == 1:
            template = rng.choice(("What color is the {}?", "Which color does the {} have?", "What is the color of the {}?"))
            text, mentions = mention(template, o.shape, [index])
            yield Question(text, o.color, "color", o.shape, mentions)


def shape(scene, names, rng):
    by_color = Counter(o.color for o in scene.objects)
    for index, o in enumerate(scene.objects):
        if by_color[o.color] == 1:
            template = rng.choice(("What shape is the {}?", "What is the shape of the {}?", "Which shape does the {} have?"))
            text, mentions = mention(template, f"{o.color} object", [index])
            yield Question(text, o.shape, "shape", o.color, mentions)


def count(scene, names, rng):
    def ask(thing, objects, form):
        template = rng.choice(("How many {} are there?", "How many {} are in the image?", "How many {} can you see?"))
        text, mentions = mention(template, thing, objects)
        return Question(text, str(len(objects)), "count", form, mentions)

    yield ask("objects", those(scene), "all")
    for c in COLOR_NAMES:
        yield ask(f"{c} objects", those(scene, color=c), "color")
    for s in SHAPES:
        yield ask(plural(s), those(scene, shape=s), "shape")


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
                    ask, answer, form = "left or right of" if low == "left" else "above or below", true, low
                else:
                    form = rng.choice((low, high))
                    ask, answer = joint.format(form), "yes" if form == true else "no"
                text = f"Is the {first} {ask} the {second}?"
                mentions = ((len("Is the ") + len(first), (i,)), (len(text) - 1, (j,)))
                yield Question(text, answer, "relation", form, mentions)


def quadrant(scene, names, rng):
    across, down = scene.middle
    for index, (o, ways) in enumerate(zip(scene.objects, names)):
        if not ways or min(abs(o.x - across), abs(o.y - down)) < QUADRANT_MARGIN:
            continue
        answer = ("top" if o.y < down else "bottom") + " " + ("left" if o.x < across else "right")
        template = rng.choice(("In which quadrant is the {}?", "Which quadrant contains the {}?",
                               "Which part of the image is the {} in?"))
        text, mentions = mention(template, rng.choice(ways), [index])
        yield Question(text, answer, "quadrant", "", mentions)


def largest(scene, names, rng):
    order = sorted(range(len(scene.objects)), key=lambda i: -scene.objects[i].size)
    if len(order) < 2 or scene.objects[order[0]].size - scene.objects[order[1]].size < LARGEST_MARGIN:
        return
    winner = scene.objects[order[0]]
    for asked, answer in (("color", winner.color), ("shape", winner.shape)):
        template, phrase = rng.choice(((f"What {asked} is the {{}}?", "largest object"),
                                       (f"What is the {asked} of the {{}}?", "biggest object")))
        text, mentions = mention(template, phrase, order[:1])
        yield Question(text, answer, "largest", asked, mentions)


def character(scene, names, rng):
    for index, (o, ways) in enumerate(zip(scene.objects, names)):
        if ways and o.character:
            template = rng.choice(("What character is printed on the {}?", "Which letter or digit is on the {}?",
                                   "What is written on the {}?"))
            text, mentions = mention(template, rng.choice(ways), [index])
            yield Question(text, o.character, "character", "", mentions)


ASKERS = {f.__name__: f for f in (existence, color, shape, count, relation, quadrant, largest, character)}


class Sampler:
    """Draws questions about scenes and keeps the answers of each category and form level.

    Without weights every category comes up once a round; with weights, each question's category is drawn by them.
    """

    def __init__(self, weights=None):
        self.weights = weights
        self.given = defaultdict(Counter)

    def pick(self, candidates, rng):
        # The form first: otherwise the many existence and count questions of one form would crowd out the others.
        form = rng.choice(sorted({q.form for q in candidates}))
        candidates = [q for q in candidates if q.form == form]
        given = self.given[candidates[0].category, form]
        least = min(given[q.answer] for q in candidates)
        return rng.choice([q for q in candidates if given[q.answer] == least])

    def turn(self, categories, rng):
        if self.weights is None:
            return rng.sample(categories, len(categories))
        return rng.choices(categories, [self.weights[c] for c in categories])

    def sample(self, scene, number, rng):
        """Up to `number` different questions."""
        names = descriptions(scene)
        pools = {c: list(ASKERS[c](scene, names, rng)) for c in CATEGORIES}
        chosen = []
        while len(chosen) < number and any(pools.values()):
            for c in self.turn([c for c in pools if pools[c]], rng)[:number - len(chosen)]:
                question = self.pick(pools[c], rng)
                self.given[c, question.form][question.answer] += 1
                pools[c] = [q for q in pools[c] if q.text != question.text]
                chosen.append(question)
        return chosen
