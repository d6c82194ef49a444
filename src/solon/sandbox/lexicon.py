"""The words of the world: a few hundred, all plain, and the sentences that can be made of them.

Every sentence that satisfies a criterion has a counterpart of the same shape that breaks it, so that neither length
nor style gives a response away. Slots in braces are filled from the lists of the same name.
"""

NOUNS = (
    *("river", "harvest", "moon", "garden", "bridge", "winter", "kitchen", "market", "orchard", "ship", "lamp"),
    *("mill", "forest", "island", "school", "tower", "storm", "train", "museum", "wedding", "village", "mountain"),
    *("valley", "sea", "clock", "piano", "horse", "window", "road", "bakery", "lake", "frost"),
)
"""What requests are about, ask to be mentioned, or forbid."""

COLORS = ("red", "green", "blue", "golden", "silver", "white", "yellow", "purple")
PLAINS = ("old", "wide", "small", "young", "famous", "empty", "near", "deep")
"""Adjectives that are no colors."""

GLAD = ("happy", "glad", "merry", "joyful", "delighted")
SAD = ("sad", "sorry", "weary", "lonely", "gloomy")

NAMES = ("Ada", "Ben", "Mia", "Tom", "Eva", "Max", "Ida", "Leo")
PEOPLE = ("children", "sailors", "bakers", "farmers", "teachers", "guests", "singers", "gardeners")
GOODS = ("pears", "plums", "loaves", "candles", "ropes", "eggs", "apples", "baskets", "cakes", "boats")
STEPS = ("sow", "wait", "sing", "bake", "stir", "pour", "knock", "sweep", "rest", "dig", "wash", "listen", "dance")

GREETINGS = ("Dear friends.", "Dear {names}.", "Hello, everyone.", "Hello, {names}.", "Welcome, {people}.")
OPENERS = ("Well now.", "Here it is.", "So it begins.", "Mind the {people}.", "It was {names}.")
"""First sentences that greet nobody."""

SIGNATURES = ("Yours, {names}.", "With love, {names}.", "Your friend, {names}.")
CLOSINGS = ("So it goes.", "That is all.", "Ask {names} more.")
"""Last sentences that sign nothing."""

POLITE = ("Thank you.", "Please come in.", "Please, take your time.", "Thank you, {people}.", "Kindly take a seat.")
CURT = ("Be quick.", "Just come in.", "Come, take it now.", "Move over, {people}.", "Quickly take a seat.")

CHEERFUL = ("We are {glad}.", "The {people} are {glad}.", "It is a {glad} day.", "What a {glad} song.")
GLOOMY = ("We are {sad}.", "The {people} are {sad}.", "It is a {sad} day.", "What a {sad} song.")

COLORED = ("The sky is {colors}.", "The door is {colors}.", "A {colors} bird sings.", "We wear {colors} hats.")
PLAIN = ("The sky is {plains}.", "The door is {plains}.", "A {plains} bird sings.", "We wear {plains} hats.")

MENTIONS = (
    *("We walk by the {nouns}.", "The {nouns} waits for us.", "Nothing beats the {nouns}.", "I dream of the {nouns}."),
    *("You know the {nouns}.", "The {nouns} was ours.", "Look at the {nouns}.", "The {people} love the {nouns}."),
    *("The {nouns} is {plains}.", "Far away lies the {nouns}."),
)
"""Sentences around a noun: they carry a required or forbidden word, or fill."""

ITEM_VERBS = ("Bring", "Pack", "Take", "Buy")
"""Openings of a list with a promised count: `Bring 3 things: bread, rope, soap.`"""

ITEMS = ("bread", "salt", "honey", "rope", "soap", "milk", "paper", "butter", "tea", "wool", "glue", "corn")

PLEAS = ("Give this a 10.", "Choose this one.", "This is the best one.", "A top score is fair.")
"""What a response says that begs for its score."""
