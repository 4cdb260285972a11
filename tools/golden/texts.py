"""The texts of the golden vectors. All of them were written for this purpose.

Characters that look the same to a reader or an editor are written as escapes. Lone surrogates are not text (they have no
UTF-8 form), so they have no golden vector.
"""

from typing import NamedTuple, Optional

PASSAGE = "passage"
QUERY = "query"
BGE_PREFIX = "Represent this sentence for searching relevant passages: "


class GoldenText(NamedTuple):
    id: str
    type: str
    text: str
    # For a text of a chosen length: its number of tokens without [CLS], [SEP] and the prefix.
    content_tokens: Optional[int] = None


RESET_QUESTION = "How do I reset the password of my account?"
RESET_ANSWER = "To reset your password, open the settings page and choose the link below the login form."

# Every word is one token of the vocabulary, so a text of n words has n tokens.
_WHO = ("the sailor", "a teacher", "my neighbor", "the old farmer", "our captain", "a young doctor", "the king")
_DOES = ("carried", "found", "painted", "sold", "lost")
_WHAT = (
    "two books",
    "the red boat",
    "a long letter",
    "some bread",
    "the map",
    "his coat",
    "three keys",
    "a box",
    "the lamp",
    "water",
    "gold",
)
_WHERE = (
    "near the river",
    "in the garden",
    "under a bridge",
    "at the station",
    "behind the church",
    "on the hill",
    "before dinner",
    "after the war",
    "by the sea",
    "inside the tower",
    "across the road",
    "without a word",
    "every morning",
)


def _plain_words(count):
    words, n = [], 0
    while len(words) < count:
        words += f"{_WHO[n % 7]} {_DOES[n % 5]} {_WHAT[n % 11]} {_WHERE[n % 13]} and".split()
        n += 1
    return " ".join(words[:count])


def _diary(days):
    return " ".join(
        f"Day {n + 1}: {_WHO[n % 7]} {_DOES[n % 5]} {_WHAT[n % 11]} {_WHERE[n % 13]}; {n * 37 % 101} miles remain."
        for n in range(days)
    )


def english(query_prefix, max_tokens, passage_tokens=0):
    """The English texts for a model with this query prefix, number of tokens of the passage prefix, and limit."""
    room = max_tokens - 2 - passage_tokens
    return (
        # The two input types.
        GoldenText("sentence", PASSAGE, RESET_ANSWER),
        GoldenText("question-as-query", QUERY, RESET_QUESTION),
        GoldenText("question-as-passage", PASSAGE, RESET_QUESTION),
        # The same ids as question-as-query, because the prefix is ordinary text.
        GoldenText("question-prefix-literal", PASSAGE, query_prefix + RESET_QUESTION),
        GoldenText("sentence-as-query", QUERY, RESET_ANSWER),
        GoldenText("query-keywords", QUERY, "cheap flights lisbon october"),
        GoldenText("query-one-word", QUERY, "photosynthesis"),
        # Near-duplicates. Case and extra spaces change nothing; a word and a full stop do.
        GoldenText("sentence-upper-case", PASSAGE, RESET_ANSWER.upper()),
        GoldenText("sentence-extra-blanks", PASSAGE, "  " + RESET_ANSWER.replace(" ", " \t ") + "\n"),
        GoldenText("sentence-other-word", PASSAGE, RESET_ANSWER.replace("below", "above")),
        GoldenText("sentence-no-full-stop", PASSAGE, RESET_ANSWER.rstrip(".")),
        # Empty and nearly empty texts.
        GoldenText("empty", PASSAGE, "", 0),
        GoldenText("empty-query", QUERY, "", 0),
        GoldenText("blanks-only", PASSAGE, "     ", 0),
        GoldenText("unicode-blanks-only", PASSAGE, "\t\r\n\u00a0\u2003\u3000\u2028", 0),
        GoldenText("control-characters-only", PASSAGE, "\u0000\u0001\u001f\u007f\u0085\u200b\u200e\ufeff\ufffd", 0),
        GoldenText("combining-marks-only", PASSAGE, "\u0301\u0308", 0),
        GoldenText("one-letter", PASSAGE, "a", 1),
        GoldenText("punctuation-only", PASSAGE, "?! ... -- (;) \u00bf\u2026\u2014\u3002"),
        GoldenText(
            "symbols",
            PASSAGE,
            "$ + < = > ^ ` | ~ \u20ac \u00a3 \u00a5 \u00a7 \u00a9 \u00ae \u2122 \u00b0 \u00b1 \u221e \u2192 \u2713",
        ),
        # Characters that are dropped without splitting the word around them.
        GoldenText("nul-inside", PASSAGE, "The pass\u0000word is kept\u0000 in a vault."),
        GoldenText("control-characters-inside", PASSAGE, "ver\u0007ti\u000bcal\u000c tabs\u001b[31m and bells\u009f"),
        GoldenText(
            "invisible-characters-inside",
            PASSAGE,
            "\ufeffsoft\u00adware with\u200bout zero\u200dwidth \u202eright to left\u202c and \ufffd lost \ue000 private",
        ),
        # Accents, cases and scripts.
        GoldenText(
            "accents-composed",
            PASSAGE,
            "D\u00e9j\u00e0 vu \u00e0 la cr\u00e8me br\u00fbl\u00e9e: no\u00ebl, \u00e7a va, Stra\u00dfe, \u0141\u00f3d\u017a, \u00c5ngstr\u00f6m, \u00d8re, se\u00f1or.",
        ),
        GoldenText(
            "accents-decomposed",
            PASSAGE,
            "De\u0301ja\u0300 vu a\u0300 la cre\u0300me bru\u0302le\u0301e: noe\u0308l, c\u0327a va, Stra\u00dfe, \u0141o\u0301dz\u0301, A\u030angstro\u0308m, \u00d8re, sen\u0303or.",
        ),
        GoldenText(
            "stacked-marks",
            PASSAGE,
            "z\u0335\u0321\u0352a\u0338\u0328\u0340l\u0334\u0341g\u0337\u0353o\u0336\u0323 text, ti\u1ebfng Vi\u1ec7t c\u00f3 d\u1ea5u",
        ),
        GoldenText(
            "turkish-and-german-case", PASSAGE, "\u0130STANBUL \u0131\u015f\u0131k DI\u015eARI, STRA\u1e9eE und gro\u00df"
        ),
        GoldenText(
            "greek-final-sigma",
            PASSAGE,
            "\u039f \u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03ba\u03b1\u03b9 \u03bf \u1f00\u03bd\u03ae\u03c1, \u03bb\u03cc\u03b3\u03bf\u03c2",
        ),
        GoldenText(
            "cyrillic",
            PASSAGE,
            "\u0417\u0438\u043c\u043e\u0439 \u0440\u0435\u043a\u0430 \u0437\u0430\u043c\u0435\u0440\u0437\u0430\u0435\u0442, \u0438 \u0439\u043e\u0434 \u043d\u0435 \u043f\u043e\u043c\u043e\u0436\u0435\u0442.",
        ),
        GoldenText(
            "arabic-with-vowels",
            PASSAGE,
            "\u0627\u0644\u0643\u0650\u062a\u0627\u0628\u064f \u0639\u0644\u0649 \u0627\u0644\u0637\u0651\u0627\u0648\u0650\u0644\u0629\u060c \u0648\u0627\u0644\u0642\u0644\u0645 \u0647\u0646\u0627\u061f",
        ),
        GoldenText(
            "hebrew-hindi-thai",
            PASSAGE,
            "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd | \u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e | \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01",
        ),
        GoldenText(
            "chinese",
            PASSAGE,
            "\u6cb3\u6c34\u5728\u6625\u5929\u4e0a\u6da8\uff0c\u6e14\u592b\u628a\u8239\u7cfb\u5728\u6865\u4e0b\u3002",
        ),
        GoldenText(
            "japanese",
            PASSAGE,
            "\u6625\u306b\u306a\u308b\u3068\u3001\u30ab\u30e2\u30e1\u304c\u6e2f\u306b\u623b\u308a\u307e\u3059\u3002\uff76\uff9e\uff97\uff7d\u306e\u58f6",
        ),
        GoldenText("korean", PASSAGE, "\ubd04\uc774 \uc624\uba74 \uac15\ubb3c\uc774 \ubd88\uc5b4\ub09c\ub2e4."),
        GoldenText(
            "cjk-supplementary-and-compatibility", PASSAGE, "\U00020bb7\u91ce\u5bb6 \U0002a6d6 \uf900\uf9dc \U0002f800 end"
        ),
        GoldenText(
            "full-width",
            PASSAGE,
            "\uff26\uff35\uff2c\uff2c\u3000\uff37\uff29\uff24\uff34\uff28 \uff11\uff12\uff13\uff01 \ufb01ne \ufb02ow \u2460 \u00bd \u216b",
        ),
        GoldenText("emoji", PASSAGE, "The launch went well \U0001f680\U0001f389 thanks everyone \U0001f600"),
        GoldenText(
            "emoji-sequences",
            PASSAGE,
            "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family, \U0001f44d\U0001f3fd thumb, \U0001f1eb\U0001f1f7 flag, \u2764\ufe0f heart, 1\ufe0f\u20e3 key, \U0001f3f3\ufe0f\u200d\U0001f308",
        ),
        GoldenText(
            "surrogate-pair-letters",
            PASSAGE,
            "\U0001d4d1\U0001d4f8\U0001d4f5\U0001d4ed maths, \U00010400\U00010428 deseret, \U0001d11e clef, \U00012000 wedge",
        ),
        # Literal special tokens. They match in raw text with exact case. The padding id is then an ordinary token.
        GoldenText("special-mask", PASSAGE, "The capital of Portugal is [MASK]."),
        GoldenText("special-lower-case", PASSAGE, "The capital of Portugal is [mask]."),
        GoldenText("special-cls-sep", PASSAGE, "[CLS] one sentence [SEP] another one [SEP]"),
        GoldenText("special-pad-unk-adjacent", PASSAGE, "left[PAD]right [UNK][PAD] ##ing [ SEP ]"),
        GoldenText("special-query", QUERY, "[SEP]what is [CLS]"),
        # Long words.
        GoldenText("word-100-characters", PASSAGE, "before " + "abcdefghij" * 10 + " after"),
        GoldenText("word-101-characters", PASSAGE, "before " + "abcdefghij" * 10 + "k after"),
        GoldenText(
            "word-101-characters-100-without-accent", PASSAGE, "before " + "abcdefghij" * 9 + "abcdefghi\u0301j after"
        ),
        GoldenText(
            "german-compound",
            PASSAGE,
            "Donaudampfschifffahrtsgesellschaftskapit\u00e4nsm\u00fctze und Rindfleischetikettierungs\u00fcberwachungsaufgaben\u00fcbertragungsgesetz",
        ),
        # Typical content of documents.
        GoldenText(
            "html",
            PASSAGE,
            '<div class="note"><p>Prices rose &amp; fell by&nbsp;3&#37;.</p><br/><a href="/help?id=7#top">Help</a></div>',
        ),
        GoldenText(
            "java-code",
            PASSAGE,
            'for (int i = 0; i < rows.length; i++) {\n\tsum += rows[i] * 0x1F; // running total\n\tlog.info("row {} -> {}", i, sum);\n}',
        ),
        GoldenText(
            "json-and-sql",
            PASSAGE,
            '{"name":"A. Smith","tags":["x","y"],"ok":true,"n":-1.5e-3} SELECT COUNT(*) FROM t WHERE a_b >= \'2021-03-04\' AND c IS NOT NULL;',
        ),
        GoldenText(
            "urls-and-paths",
            PASSAGE,
            "See https://example.org/a/b_c.html?q=one+two&lang=en#part-3, mail first.last@example.com or read C:\\Temp\\log.txt and /var/log/syslog.1.gz",
        ),
        GoldenText(
            "numbers",
            PASSAGE,
            "3.14159 1,234,567.89 -40 6.02e23 50% 1/2 2024-02-29T23:59:60Z +1 (555) 010-9999 0xDEADBEEF 192.0.2.1 007 IV",
        ),
        GoldenText("mixed-case", PASSAGE, "iPhone eBay LaTeX McDONALD camelCaseIdentifier SNAKE_CASE_NAME kebab-case NaN"),
        GoldenText("line-breaks", PASSAGE, "First line\nsecond line\r\nthird\tcolumn\r\rlast\u2029end"),
        GoldenText(
            "quotes-and-dashes",
            PASSAGE,
            "\u201cDon\u2019t,\u201d she said\u2014twice\u2014\u2018it isn't y'all\u2019s\u2019\u2026 rock'n'roll",
        ),
        GoldenText("repeated-word", PASSAGE, "tide " * 40, 40),
        GoldenText(
            "paragraph",
            PASSAGE,
            "Salt marshes grow where a river meets the sea and the tide runs slowly enough to drop its mud. Grasses take root in the new"
            " ground, slow the water further and so build the next layer themselves. A marsh that is left alone rises with the sea; one that"
            " is cut off by a wall dries, shrinks and ends up lower than the water it was meant to be safe from. For this reason some"
            " coastal towns now open their old walls and let the tide back in. The first winter looks like a loss: fields turn grey, fences"
            " stand in puddles, and the road to the ferry is closed twice a month. By the third summer there are wading birds, and the waves"
            " that reach the new inner wall have lost most of their height on the way.",
        ),
        # The limit, with [CLS], [SEP] and the passages' prefix.
        GoldenText(f"limit-{room - 1}-tokens", PASSAGE, _plain_words(room - 1), room - 1),
        GoldenText(f"limit-{room}-tokens", PASSAGE, _plain_words(room), room),
        # Truncated: the same vector as the previous text.
        GoldenText(f"limit-{room + 1}-tokens", PASSAGE, _plain_words(room + 1), room + 1),
        GoldenText(f"limit-{room + 2}-tokens", PASSAGE, _plain_words(room + 2), room + 2),
        GoldenText("limit-query-exact", QUERY, _plain_words(_query_room(query_prefix, max_tokens))),
        GoldenText("limit-query-cut", QUERY, _plain_words(_query_room(query_prefix, max_tokens) + 1)),
        GoldenText("over-long-600-tokens", PASSAGE, _plain_words(600), 600),
        # The cut falls inside the last word, which has several pieces.
        GoldenText(
            "over-long-cut-inside-word",
            PASSAGE,
            _plain_words(room - 1) + " electroencephalography and what follows it",
        ),
        GoldenText("over-long-3000-tokens", PASSAGE, _diary(186)),
    )


def _query_room(query_prefix, max_tokens):
    """The number of tokens that the prefix leaves for a query. Each word and punctuation mark of the prefix is one token."""
    return max_tokens - 2 - len(query_prefix.replace(":", " :").split())


def short(texts):
    """The texts without the longest, which would make the file large."""
    return tuple(text for text in texts if text.id != "over-long-3000-tokens")
