#!/usr/bin/env python3
"""Fails on a component of an SBOM (CycloneDX JSON) whose licence is not one of those allowed.

usage: licences.py BOM. A component of several licences is taken under any of them.
"""

import collections
import json
import sys

# Permissive ones, and those of dual licences under which a component is taken.
ALLOWED = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "MIT",
    "MIT-0",
}
# Groups whose poms say "The BSD License", which is guessed to be the one of four clauses. Theirs has three.
STATED = {
    "org.antlr": "BSD-3-Clause",
    "org.jline": "BSD-3-Clause",
}


def licences(component):
    """Identifiers, or names that are none."""
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
