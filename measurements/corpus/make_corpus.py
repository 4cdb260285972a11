"""Makes texts from the SQLite documentation: corpus.txt, mixed-256.jsonl from it, and the passages of examples/search.

See README.md beside this file.
"""

import argparse
import collections
import html.parser
import json
import pathlib
import random
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus.txt"
MIXED = HERE / "mixed-256.jsonl"
PASSAGES = HERE.parents[1] / "examples/search/src/main/resources/com/example/search/passages.txt"

# The tokenizer of the golden vectors needs no installation.
sys.path.insert(0, str(HERE.parents[1] / "tools/golden"))
import wordpiece  # noqa: E402

TOKENIZER_FILE = "bge-small-en-v1.5-tokenizer.json"
SEED = 20240229

# Pages of prose, without reference tables, syntax and news.
PAGES = """
    arch autoinc datatype3 faq flextypegood howtocorrupt isolation queryplanner tempfiles testing wal whentouse
""".split()

# Pages of the example's passages: other prose, and descriptions of functions and settings.
EXAMPLE_PAGES = """
    appfileformat atomiccommit backup bytecodevtab cintro cli compile csv different eqp expridx fasterthanfs features
    foreignkeys fts5 gencol howitworks howtocompile inmemorydb intern-v-extern-blob json1 lang_aggfunc lang_altertable
    lang_analyze lang_attach lang_conflict lang_corefunc lang_createindex lang_createtable lang_createtrigger
    lang_createview lang_datefunc lang_delete lang_explain lang_expr lang_insert lang_keywords lang_mathfunc
    lang_returning lang_savepoint lang_select lang_transaction lang_update lang_upsert lang_vacuum lang_with limits
    loadext lockingv3 malloc mmap nulls omitted onefile optoverview partialindex pragma quirks recovery rescode
    rowvalue rtree schematab security selfcontained serverless sessionintro sharedcache shortnames spellfix1 sqldiff
    stricttables threadsafe transactional undoredo unlock_notify uri useovernet vdbe vfs vtab windowfunctions
    withoutrowid zipfile
""".split()

BLOCKS = frozenset("blockquote body br center dd div dl dt hr li ol p td th tr ul".split())
HEADINGS = frozenset("h1 h2 h3 h4 h5".split())
SKIPPED = frozenset("pre script style svg table title".split())

# Each kind of text: number, type, and least and most tokens with [CLS] and [SEP], without the query prefix.
MIX = (
    (96, "query", 5, 24),
    (24, "passage", 24, 80),
    (96, "passage", 100, 250),
    (28, "passage", 251, 450),
    (12, "passage", 500, 512),
)


class PageText(html.parser.HTMLParser):
    """Collects (is_heading, text) of the headings and paragraphs of one page; code and tables are left out."""

    def __init__(self):
        super().__init__()
        self.blocks = []
        self._pieces = []
        self._skipped = collections.Counter()
        self._heading = False

    def handle_starttag(self, tag, attributes):
        if tag in SKIPPED:
            self._flush()
            self._skipped[tag] += 1
        elif tag in HEADINGS:
            self._flush()
            self._heading = True
        elif tag in BLOCKS:
            self._flush()

    def handle_endtag(self, tag):
        if tag in SKIPPED:
            self._flush()
            self._skipped[tag] -= self._skipped[tag] > 0
        elif tag in BLOCKS or tag in HEADINGS:
            self._flush()

    def handle_data(self, data):
        if not any(self._skipped.values()):
            self._pieces.append(data)

    def close(self):
        super().close()
        self._flush()

    def _flush(self):
        text = " ".join("".join(self._pieces).split())
        question = re.match(r"\(\d+\) ", text)
        if text:
            # The questions of the FAQ are bold paragraphs, "(1) How do I ...".
            self.blocks.append((self._heading or bool(question), text))
        self._pieces = []
        self._heading = False


def read_page(path):
    """Returns the lines of one page for corpus.txt; headings start with "# "."""
    page = PageText()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    lines = []
    for is_heading, text in page.blocks:
        if is_heading:
            lines.append("# " + re.sub(r"^(\(\d+\)|[\d.]+)\s+", "", text))
        # Only whole sentences. Navigation, and text before code or a list, does not end with a full stop.
        elif len(text) >= 40 and re.match(r"[A-Z\"'(]", text) and re.search(r"[.?!][)\"']?$", text):
            lines.append(text)
    # Drop headings without a paragraph below them.
    return [
        line
        for line, following in zip(lines, [*lines[1:], "# "])
        if not (line.startswith("# ") and following.startswith("# "))
    ]


def write_pages(html, pages, path):
    """Writes the text of the pages, without repeated paragraphs."""
    paragraphs = []
    for page in pages:
        paragraphs += read_page(html / f"{page}.html")
    seen = set()
    paragraphs = [line for line in paragraphs if line.startswith("# ") or not (line in seen or seen.add(line))]
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    print(f"{path}: {len(pages)} pages, {len(paragraphs)} lines of text, {path.stat().st_size} bytes")


def extract(arguments):
    write_pages(arguments.html, PAGES, CORPUS)
    write_pages(arguments.html, EXAMPLE_PAGES, PASSAGES)


def sentences(paragraph):
    return re.split(r"(?<=[.?!])\s+(?=[A-Z\"(])", paragraph)


def mix(arguments):
    with zipfile.ZipFile(arguments.jar) as jar:
        tokenizer = wordpiece.WordPieceTokenizer.from_json(jar.read(TOKENIZER_FILE))

    def count(text):
        return len(tokenizer.tokenize(text)) + 2

    lines = [line for line in CORPUS.read_text(encoding="utf-8").splitlines() if line]
    headings = sorted({line[2:] for line in lines if line.startswith("# ")})
    stock = [s for line in lines if not line.startswith("# ") for s in sentences(line)]
    generator = random.Random(SEED)

    def cut_passage(least, most):
        """Removes whole sentences from the stock, up to a random length between the two. Adds words if that is too short."""
        target = generator.randint(least, most)
        taken, tokens = [], 2
        while tokens + count(stock[0]) - 2 <= target:
            taken.append(stock.pop(0))
            tokens += count(taken[-1]) - 2
        if tokens < least:
            for word in stock.pop(0).split():
                if tokens >= target or tokens + count(word) - 2 > most:
                    break
                taken.append(word)
                tokens += count(word) - 2
        if not least <= tokens <= most:
            raise ValueError(f"a passage has {tokens} tokens instead of {least} to {most}")
        return " ".join(taken)

    wanted = [(type, least, most) for number, type, least, most in MIX for _ in range(number)]
    generator.shuffle(wanted)
    texts, lengths = [], []
    for type, least, most in wanted:
        if type == "query":
            text = generator.choice([h for h in headings if least <= count(h) <= most])
            headings.remove(text)
        else:
            text = cut_passage(least, most)
        texts.append({"id": f"mixed-{len(texts):03d}", "type": type, "text": text})
        lengths.append(count(text))

    with open(MIXED, "w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps(text, ensure_ascii=False) + "\n")
    print(
        f"{MIXED}: {len(texts)} texts, {sum(lengths)} tokens, {min(lengths)} to {max(lengths)},"
        f" {len(stock)} sentences left over"
    )
    for number, type, least, most in MIX:
        found = sorted(n for n, text in zip(lengths, texts) if text["type"] == type and least <= n <= most)
        print(f"  {number:3d} {type:7s} {found[0]:3d} to {found[-1]:3d}, median {found[len(found) // 2]:3d}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("extract", help="make corpus.txt and the example's passages.txt")
    command.add_argument("--html", required=True, type=pathlib.Path, help="folder of the documentation's pages")
    command.set_defaults(run=extract)
    command = commands.add_parser("mix", help="make mixed-256.jsonl from corpus.txt")
    command.add_argument(
        "--jar", required=True, type=pathlib.Path, help="the model artifact; its tokenizer.json is read"
    )
    command.set_defaults(run=mix)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
