"""The words of the bundled domain: short neighbourly notes about lending and borrowing things.

Shared by the writer (domain.py) and the gold judge (judge.py). No trainer reads this file.
"""

NAMES = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Kate",
    "Leo",
    "Maria",
    "Noah",
    "Peter",
    "Rosa",
)
ITEMS = (
    "kettle",
    "ladder",
    "lamp",
    "bicycle",
    "teapot",
    "hammer",
    "basket",
    "blanket",
    "camera",
    "carpet",
    "clock",
    "drum",
    "guitar",
    "jacket",
    "lantern",
    "mirror",
    "piano",
    "radio",
    "shovel",
    "stove",
    "table",
    "tent",
    "umbrella",
    "wagon",
)
PLACES = ("garden", "kitchen", "library", "market", "bakery", "harbour", "school", "station")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TONES = ("warm", "formal", "cheerful")
PURPOSES = ("thank", "borrow", "sorry", "lend")
COUNTS = ("two", "three")

GREETINGS = {
    "warm": ("My dear {name},", "My dearest {name},"),
    "formal": ("Good day {name},", "Most respected {name},"),
    "cheerful": ("Hey there {name},", "Hello again {name},"),
}
STRANGERS = ("friend", "stranger", "you")

CORES = {
    "thank": {
        "warm": ("thank you from my heart for {item}", "I love you and thank you for {item}"),
        "formal": ("I wish to thank you for {item}", "kindly let me thank you for {item}"),
        "cheerful": ("a big happy thank you for {item}", "wow, thank you for {item}"),
        "plain": ("thank you for {item}", "well then thank you for {item}"),
    },
    "borrow": {
        "warm": ("I would love to borrow {item}", "with a full heart I ask to borrow {item}"),
        "formal": ("I wish to borrow {item}", "I kindly request to borrow {item}"),
        "cheerful": ("it would be great fun to borrow {item}", "guess who wants to borrow {item}"),
        "plain": ("I want to borrow {item}", "let me borrow {item}"),
    },
    "sorry": {
        "warm": ("from my heart I am sorry about {item}", "my love, I am so sorry about {item}"),
        "formal": ("I wish to say I am sorry about {item}", "kindly note that I am sorry about {item}"),
        "cheerful": ("oops, I am sorry about {item}", "wow, I am sorry about {item}"),
        "plain": ("I am sorry about {item}", "well I am sorry about {item}"),
    },
    "lend": {
        "warm": ("I would love to lend you {item}", "with all my heart I lend you {item}"),
        "formal": ("I wish to lend you {item}", "I kindly offer to lend you {item}"),
        "cheerful": ("guess what, I can lend you {item}", "great news, I can lend you {item}"),
        "plain": ("I can lend you {item}", "well I could lend you {item}"),
    },
}
VAGUE_ITEMS = ("the thing", "something", "it", "it all")

REASONS = {
    "thank": (
        "because mine broke last {day}",
        "since we needed one at the {place}",
        "because it saved me a long walk",
        "since the shop near the {place} had none",
    ),
    "borrow": (
        "because mine broke last {day}",
        "since we have guests on {day}",
        "because the shop is closed until {day}",
        "since the {place} has none to spare",
    ),
    "sorry": (
        "because I left it out in the rain",
        "since I dropped it near the {place}",
        "because I forgot to bring it on {day}",
        "since my dog ran off with it",
    ),
    "lend": (
        "because I will not need it until {day}",
        "since you have guests on {day}",
        "because we have two of them at home",
        "since yours is still at the {place}",
    ),
}
FILLERS = (
    "or something like that",
    "as I told you on {day}",
    "and so on",
    "as they say at the {place}",
    "like I said before",
)
MIDDLES = (
    "{item} stood near the {place} all week.",
    "I saw {item} by the {place} on {day}.",
    "The children asked about {item} on {day}.",
    "We can talk about {item} at the {place}.",
    "{item} looked fine at the {place}.",
)
CLOSES = {
    "warm": ("With all my love until we meet, {name}.", "Sending you a warm hug tonight."),
    "formal": ("I remain yours sincerely, {name}.", "Please accept my best regards."),
    "cheerful": ("See you soon for some fun, {name}!", "Cheers and have a happy day!"),
}
RAMBLES = (
    "That is all I have to say.",
    "Anyway I have to go, {name}.",
    "The weather is grey today.",
    "Now I will eat some soup, {name}.",
)

REQUESTS = (
    "Write {sentences} sentences, with a reason, to {purpose} the {item}. It is a {tone} note for {name}.",
    "I need {sentences} sentences that say why. Please {purpose} the {item}. It is a {tone} note to {name}.",
    "In {sentences} sentences, and saying why, {purpose} the {item} in a {tone} note to {name}.",
    "Use {sentences} sentences and give a reason: {purpose} the {item} in a {tone} note to {name}.",
)
PURPOSE_REQUESTS = {
    "thank": "say thank you for",
    "borrow": "ask to borrow",
    "sorry": "say sorry about",
    "lend": "offer to lend",
}

# What the judge listens for.
TONE_MARKS = {
    "warm": frozenset(("dear", "dearest", "heart", "love", "hug", "warm")),
    "formal": frozenset(("respected", "wish", "kindly", "request", "regards", "remain", "sincerely", "accept", "good")),
    "cheerful": frozenset(("hey", "hello", "big", "happy", "great", "fun", "wow", "guess", "oops", "cheers")),
}
PURPOSE_MARKS = {"thank": "thank you", "borrow": "borrow", "sorry": "sorry", "lend": "lend you"}
CLOSE_MARKS = ("with all my love", "a warm hug", "yours sincerely", "best regards", "see you soon", "cheers and have")
