"""Prints the golden texts as input of `embed`, and compares its vectors with the golden ones.

usage: golden.py texts GOLDEN LONGEST          prints JSON Lines for `embed`: the texts of at most LONGEST tokens
       golden.py compare GOLDEN LONGEST FILE   FILE: the output of `embed`; fails below a cosine of 0.99999
"""
import json
import math
import sys

LEAST = 0.99999


def golden(path, longest):
    with open(path, encoding="utf-8") as file:
        texts = [json.loads(line) for line in file][1:]
    return [text for text in texts if text["tokens"] <= longest], len(texts)


def cosine(a, b):
    dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))


def main():
    command, path, longest = sys.argv[1], sys.argv[2], int(sys.argv[3])
    texts, of = golden(path, longest)
    if command == "texts":
        for text in texts:
            print(json.dumps({"id": text["id"], "type": text["type"], "text": text["text"]}))
        return
    with open(sys.argv[4], encoding="utf-8") as file:
        vectors = {line["id"]: line["embedding"] for line in map(json.loads, file)}
    cosines = [(cosine(vectors[text["id"]], text["vector"]), text["id"]) for text in texts]
    least, name = min(cosines)
    print(f"{len(cosines)} of {of} golden texts (those of at most {longest} tokens): least cosine {least:.9f} ({name})")
    if not least >= LEAST:
        sys.exit(f"golden.py: a cosine below {LEAST}")


main()
