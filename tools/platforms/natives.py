"""Lists the native libraries in the jars of the built command line, as the table of docs/platforms.md.

usage: natives.py          prints the table
       natives.py --check  fails if docs/platforms.md has a different table
"""
import glob
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/platforms.md"
LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll|jnilib)$")

# The names of each platform in the jars, and in CMake, Maven and this project's classifiers.
PLATFORMS = {
    "Linux x86-64": r"linux-?(x64|x86[-_]64)|Linux/x86_64",
    "Linux aarch64": r"linux-?aarch64|Linux/arm64",
    "macOS aarch64": r"(osx|darwin)-aarch64|Mac/arm64",
    "macOS x86-64": r"(osx|darwin)-(x64|x86[-_]64)|Mac/x86_64",
    "Windows x86-64": r"win(32)?-(x64|x86[-_]64)|Windows/x86_64",
    "Windows aarch64": r"win(32)?-(aarch64|arm64)|Windows/arm64",
}
# The jars that `embed` needs. The others are for conveniences of the terminal.
NEEDED = ("onnxruntime", "tokenizers")


def rows():
    for jar in sorted(glob.glob(str(ROOT / "benchmark-app/target/neuron-embed/lib/*.jar"))):
        with zipfile.ZipFile(jar) as archive:
            names = [name for name in archive.namelist() if LIBRARY.search(name) and ".dSYM/" not in name]
        if names:
            name = pathlib.Path(jar).stem
            # This project's own library exists only for the platform of the build.
            if not name.startswith("neuron-embed-native"):
                yield name, ["yes" if any(re.search(p + "/", n) for n in names) else "**no**" if name.startswith(NEEDED) else "no" for p in PLATFORMS.values()]


table = "\n".join(
    ["| jar | " + " | ".join(PLATFORMS) + " |", "|---|" + "---|" * len(PLATFORMS)]
    + [f"| `{name}` | " + " | ".join(cells) + " |" for name, cells in rows()]
)
if sys.argv[1:] != ["--check"]:
    print(table)
elif table not in PAGE.read_text(encoding="utf-8"):
    sys.exit(f"natives.py: the table in {PAGE.relative_to(ROOT)} does not match the jars of the build:\n{table}")
