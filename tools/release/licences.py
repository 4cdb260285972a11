#!/usr/bin/env python3
"""Fails if a component of an SBOM (CycloneDX JSON) has no allowed licence.

usage: licences.py BOM. If a component has several licences, one of them must be allowed.
"""

import collections
import json
import sys

# Permissive licences, including those chosen for components with several licences.
ALLOWED = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "MIT",
    "MIT-0",
}
# Groups whose poms say "The BSD License". The SBOM plugin maps this to the licence of four clauses, but theirs has three.
STATED = {
    "org.antlr": "BSD-3-Clause",
    "org.jline": "BSD-3-Clause",
}


def licences(component):
    """The identifiers of a component's licences, or their names if they have no identifier."""
    if component.get("group") in STATED:
        yield STATED[component["group"]]
        return
    for choice in component.get("licenses", []):
        if "expression" in choice:
            yield from choice["expression"].replace("(", "").replace(")", "").split(" OR ")
        else:
            licence = choice["license"]
            yield licence.get("id") or licence.get("name", "")


def main(path):
    with open(path, encoding="utf-8") as file:
        components = json.load(file)["components"]
    refused, used = [], collections.Counter()
    for component in components:
        name = ":".join((component.get("group", ""), component["name"], component.get("version", "")))
        found = list(licences(component))
        taken = [licence for licence in found if licence in ALLOWED]
        if taken:
            used[taken[0]] += 1
        else:
            refused.append(f"{name}: {', '.join(found) or 'no licence stated'}")
    print(f"{len(components)} components: " + ", ".join(f"{count} {name}" for name, count in used.most_common()))
    for line in refused:
        print(line, file=sys.stderr)
    if not components:
        print("the SBOM is empty", file=sys.stderr)
    return 1 if refused or not components else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
