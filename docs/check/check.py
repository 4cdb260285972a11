#!/usr/bin/env python3
"""Finds what the documentation says and the program does not do: file:line: what, and exit code 1.

Runs the shell commands of README.md and docs/*.md with the built command line, compiles their Java, and looks up every
link, path, option, environment variable, system property, metric and exception that any page names. What is not run is
listed in rules.py with the reason, and printed. Needs ./mvnw verify before, javac, curl, and Python 3.9 or later.
"""

import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import hub
import rules

COMMAND_SECONDS = 300
APP = "benchmark-app/target/neuron-embed"
FENCE = re.compile(r"^\s*```(\w*)\s*$")
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
VARIABLE = re.compile(r"\bNEURON_EMBED_[A-Z0-9_]*[A-Z0-9]\b")
PROPERTY = re.compile(r"-D(neuronembed\.[\w.]*\w)")
METRIC = re.compile(r"\b(?:embedding|http[._]server)[._][a-z][a-z_.]*[a-z]\b")
EXCEPTION = re.compile(r"\b[A-Z]\w+Exception\b")
# A repository path that a page names as code.
PATH = re.compile(r"(?:native|java-api|benchmark-app|integrations|measurements|tools|cmake|docs|examples|fuzz)/[\w./-]+")


@dataclasses.dataclass(frozen=True, order=True)
class Lie:
    page: str
    line: int
    what: str

    def __str__(self):
        return f"{self.page}:{self.line}: {self.what}"


@dataclasses.dataclass
class Block:
    language: str
    line: int  # of its first line of content
    text: str


class Page:
    """A Markdown file: its fenced blocks, and the lines outside of them."""

    def __init__(self, root, name):
        self.name = name
        self.path = root / name
        self.blocks, self.prose = [], []
        block = None
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            fence = FENCE.match(line)
            if block is not None and fence:
                self.blocks.append(block)
                block = None
            elif fence:
                block = Block(fence.group(1), number + 1, "")
            elif block is not None:
                block.text += line + "\n"
            else:
                self.prose.append((number, line))

    def anchors(self):
        """GitHub's names of the headings."""
        seen, names = collections.Counter(), set()
        for _, line in self.prose:
            heading = re.match(r"#+ +(.*)", line)
            if heading:
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).strip().lower()
                name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
                names.add(f"{name}-{seen[name]}" if seen[name] else name)
                seen[name] += 1
        return names

    def inline(self):
        for number, line in self.prose:
            for match in INLINE.finditer(line):
                yield number, match.group(1)

    def all_lines(self):
        yield from self.prose
        for block in self.blocks:
            yield from enumerate(block.text.splitlines(), block.line)


# Links and paths


def links(root, pages):
    by_path = {page.path.resolve(): page for page in pages}
    for page in pages:
        for number, line in page.prose:
            for target in LINK.findall(line):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                path = (page.path.parent / file).resolve() if file else page.path.resolve()
                if not path.exists():
                    yield Lie(page.name, number, f"the link {target} leads nowhere")
                elif anchor and path in by_path and anchor not in by_path[path].anchors():
                    yield Lie(page.name, number, f"the link {target} names no heading of {path.name}")
        for number, code in page.inline():
            for word in code.split():
                word = word.rstrip(".,;:")
                path = PATH.fullmatch(word)
                if path and "/target/" not in word and not (root / word).exists():
                    yield Lie(page.name, number, f"there is no {word}")


# Lines

LONGEST_LINE = 120


def lengths(pages):
    """Rows of tables may be longer, and so may a line of one word, and the output of programs (a block without a
    language)."""
    for page in pages:
        lines = list(page.prose)
        for block in page.blocks:
            if block.language:
                lines += enumerate(block.text.splitlines(), block.line)
        for number, line in lines:
            if len(line) > LONGEST_LINE and not line.lstrip().startswith("|") and " " in line.strip():
                yield Lie(page.name, number, f"the line has {len(line)} characters, more than {LONGEST_LINE}")


def words(pages):
    """Finds words that readers did not understand; code is left out."""
    for page in pages:
        for number, line in page.prose:
            for pattern, instead in rules.UNCLEAR.items():
                if found := re.search(pattern, INLINE.sub("", line), re.IGNORECASE):
                    yield Lie(page.name, number, f"'{found[0]}' is unclear: write {instead}")


# Options


def help_options(bin_folder):
    """Options of each command by its --help."""
    program = bin_folder / "neuron-embed"

    def help_of(*command):
        return subprocess.run(
            [program, *command, "--help"], capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS
        ).stdout

    names = re.findall(r"^  ([a-z][a-z-]+) +[A-Z]", help_of(), re.MULTILINE)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return {name: set(OPTION.findall(text)) for name, text in zip(names, pool.map(help_of, names))}


def python_options(root, programs):
    return {
        program.rpartition("/")[2]: set(
            re.findall(r'"(--[a-z][a-z0-9-]+)"', (root / program).read_text(encoding="utf-8"))
        )
        | {"--help"}
        for program in programs
    }


def options(pages, known):
    """known: a command's name, or a program's file name, to its options."""
    everything = set().union(*known.values()) | {"--help", "--version"}

    def of(code):
        words = code.split()
        for word in words[:3]:
            name = word.rpartition("/")[2]
            if name in known and (word == words[0] or words[0].rpartition("/")[2] in ("neuron-embed", "python3")):
                return name, known[name]
        return "any command", everything | set(rules.FOREIGN_OPTIONS)

    for page in pages:
        codes = list(page.inline())
        for number, line in page.prose:
            codes.append((number, INLINE.sub("", line)))
        for block in page.blocks:
            if block.language == "sh":
                codes += [(n, c) for n, c in commands(block) if re.match(r"(\w+=\S+ )?(\S*neuron-embed|python3)\b", c)]
        for number, code in codes:
            name, has = of(code)
            for option in OPTION.findall(code):
                if option not in has and not (name != "any command" and "$(" in code and option in everything):
                    yield Lie(page.name, number, f"{option} is no option of {name}")


# Environment variables, system properties, metrics, exceptions

# How a kind of source file reads an environment variable of ours. CMake's names alike are options of the build.
READS = {
    ".java": r'"(NEURON_EMBED_[A-Z0-9_]+)"',
    ".sh": r"\$\{?(NEURON_EMBED_[A-Z0-9_]+)",
    "": r"\$\{?(NEURON_EMBED_[A-Z0-9_]+)",
    ".py": r'environ\S*["\'](NEURON_EMBED_[A-Z0-9_]+)',
    ".cc": r'getenv\("(NEURON_EMBED_[A-Z0-9_]+)"',
    ".js": r"env\.(NEURON_EMBED_[A-Z0-9_]+)",
}


def sources(root, files):
    """Text files of the program: name and content. Tests, and this check, are no sources."""
    for file in files:
        if file.endswith(".md") or "/src/test/" in file or "/tests/" in file or file.startswith("docs/"):
            continue
        try:
            yield file, (root / file).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def names(root, pages, files):
    read, used, properties, meters, everything = {}, [], {}, set(), []
    for file, text in sources(root, files):
        everything.append(text)
        name = pathlib.PurePath(file)
        pattern = READS.get(name.suffix)
        for number, line in enumerate(text.splitlines() if pattern else [], 1):
            for variable in re.findall(pattern, line):
                read.setdefault(variable, (file, number))
            if name.suffix == ".java":
                used += [(file, number, variable) for variable in VARIABLE.findall(line)]
                for found in re.findall(r'"(neuronembed\.[a-z.]*[a-z])"', line):
                    # Spring's properties are its page's, which its own test covers.
                    if "/spring" not in file:
                        properties.setdefault(found, (file, number))
                meters.update(re.findall(r'"((?:embedding|http\.server)\.[a-z.]+)"', line))
    everything = "\n".join(everything)
    words = set(re.findall(r"\w+", everything))
    settable = set(read) | set(re.findall(r"(?:option|set|find_path)\((NEURON_EMBED_\w+)", everything))
    for file, number, variable in used:
        if variable not in settable:
            yield Lie(file, number, f"nothing reads the environment variable {variable}")
    documented = collections.defaultdict(set)
    for page in pages:
        for number, line in page.all_lines():
            for variable in VARIABLE.findall(line):
                documented["variable"].add(variable)
                if variable not in settable:
                    yield Lie(page.name, number, f"nothing reads the environment variable {variable}")
            for found in re.findall(r"neuronembed\.[\w.]*\w", line):
                documented["property"].add(found)
            for found in PROPERTY.findall(line):
                if found not in properties:
                    yield Lie(page.name, number, f"nothing reads the system property {found}")
            for metric in METRIC.findall(line):
                dotted = metric.replace("_", ".")
                if not any(dotted == meter or dotted.startswith(meter + ".") for meter in meters):
                    yield Lie(page.name, number, f"there is no metric {metric}")
            for exception in EXCEPTION.findall(line):
                if exception not in words and not exception.startswith("UnsupportedFeature"):
                    yield Lie(page.name, number, f"there is no {exception}")
    for variable, (file, number) in sorted(read.items()):
        if variable not in documented["variable"]:
            yield Lie(file, number, f"no page tells of the environment variable {variable}")
    for found, (file, number) in sorted(properties.items()):
        if found not in documented["property"]:
            yield Lie(file, number, f"no page tells of the system property {found}")


# Java

JAVA_HEAD = """
import io.github.neuronembed.*;
import io.github.neuronembed.engine.*;
import io.github.neuronembed.model.*;
import java.nio.file.*;
import java.time.*;
import java.util.*;
class %s {
  static TextEmbedder embedder;
  static Path path;
  static String text;
  static List<String> texts;
  static List<float[]> vectors;
  static InputType type;
  static TruncationPolicy policy;
  static RequestOptions options;
  static int[] ids;
  static void block() throws Exception {
""".lstrip()


def java_fragments(pages):
    """Each: page, line, statements."""
    for page in pages:
        if page.name in rules.JAVA_RUN_ELSEWHERE:
            continue
        for block in page.blocks:
            if block.language == "java":
                yield page.name, block.line, block.text
        calls = False
        for number, line in page.prose:
            if not line.startswith("|"):
                calls = False
            elif line.startswith("| you want | call |"):
                calls = True
            elif calls:
                for code in INLINE.findall(line):
                    if re.fullmatch(r"\.?[a-z]\w*\(.*\)", code) and "…" not in code:
                        on = "TextEmbedder.builder()" if code.startswith(".") else "embedder."
                        yield page.name, number, f"{on}{code};\n"


def java(pages, jars, work):
    work.mkdir(parents=True, exist_ok=True)
    places, files = {}, []
    for index, (page, line, code) in enumerate(java_fragments(pages)):
        head = JAVA_HEAD % f"Fragment{index}"
        file = work / f"Fragment{index}.java"
        file.write_text(f"{head}{code}  }}\n}}\n", encoding="utf-8")
        files.append(file)
        places[file.name] = (page, line - head.count("\n") - 1)
    if not files:
        return
    done = subprocess.run(
        ["javac", "-proc:none", "-Xmaxerrs", "1000", "-d", work / "classes", "-cp", jars, *files],
        capture_output=True, text=True, check=False,
    )
    for name, line, message in re.findall(r"(Fragment\d+\.java):(\d+): error: (.*)", done.stderr):
        page, offset = places[name]
        yield Lie(page, offset + int(line), f"the Java does not compile: {message}")
    if done.returncode != 0 and "error:" not in done.stderr:
        raise RuntimeError(done.stderr)


# Shell


def commands(block):
    """The commands of a shell block: line and text, without comments."""
    text, first, quote = "", block.line, ""
    for number, line in enumerate(block.text.splitlines(), block.line):
        if not text:
            first = number
        for at, letter in enumerate(line):
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            elif letter == "#" and (at == 0 or line[at - 1].isspace()):
                line = line[:at]
                break
        text += line
        if quote:
            text += "\n"
        elif line.endswith("\\"):
            text = text[:-1]
        else:
            if text.strip():
                yield first, text.strip()
            text = ""


class Shell:
    """Runs a page's commands in a folder of its own, with the samples of rules.py in it."""

    def __init__(self, root, work, environment):
        self.root = root
        self.work = work
        self.environment = environment
        self.server = None
        self.port = None
        self.notes = []

    def page(self, page):
        folder = self.work / page.name.replace("/", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in rules.SAMPLES.items():
            (folder / name).write_text(content, encoding="utf-8")
        try:
            for block in page.blocks:
                if block.language == "sh":
                    for line, command in commands(block):
                        yield from self.command(page, folder, line, command)
        finally:
            yield from self.stop(page)

    def command(self, page, folder, line, command):
        if rule := rules.first(rules.NOT_RUN, page.name, command):
            self.notes.append(f"{page.name}:{line}: not run, {rule.reason}: {command}")
            yield from self.missing_program(page, line, command)
            return
        if rule := rules.first(rules.PARSED_ONLY, page.name, command):
            self.notes.append(f"{page.name}:{line}: only parsed, {rule.reason}: {command}")
            alone = re.split(r" [|>] ", command)[0]
            yield from self.run(page, folder, line, command, f"{alone} --help", 0)
            return
        given = command
        for rule in rules.every(rules.CHANGED, page.name, command):
            given = re.sub(rule.pattern, rule.value, given)
            self.notes.append(f"{page.name}:{line}: changed, {rule.reason}: {given}")
        if self.port:
            given = given.replace(":8080", f":{self.port}")
        if re.match(r"neuron-embed serve\b", given):
            yield from self.start(page, folder, line, given)
            return
        for name in ("before.json", "after.json"):
            if name in given:
                shutil.copy(sorted((folder / "results").glob("*.json"))[0], folder / name)
        rule = rules.first(rules.EXIT, page.name, command)
        # An HTTP error is a failure here; as written, curl would show it.
        given = re.sub(r"^curl -s ", "curl -s --fail-with-body ", given)
        yield from self.run(page, folder, line, command, given, rule.value if rule else 0)

    def run(self, page, folder, line, command, given, code):
        start = time.monotonic()
        try:
            process = subprocess.Popen(
                ["bash", "-o", "pipefail", "-c", given], cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
            )
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            # All of the pipeline, not its shell alone.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            yield Lie(page.name, line, f"does not end in {COMMAND_SECONDS} s: {command}")
            return
        print(f"  {time.monotonic() - start:5.1f} s  {page.name}:{line}  {given.splitlines()[0]}", flush=True)
        if process.returncode != code:
            said = (err.strip() or out.strip() or "nothing").splitlines()[-1]
            yield Lie(page.name, line, f"ends with {process.returncode}, not {code}: {command} (it says: {said})")

    def missing_program(self, page, line, command):
        """Of a command that is not run, what it runs is at least there."""
        for word in re.findall(r"(?:^|&& |python3 )(?:\./)?((?:[\w-]+/)*[\w-]+\.(?:sh|py)|mvnw)\b", command):
            if not any((base / word).exists() for base in (self.root, page.path.parent)):
                yield Lie(page.name, line, f"there is no {word}")

    def start(self, page, folder, line, command):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = re.sub(r" --port \d+", "", command) + f" --port {self.port}"
        print(f"  started  {page.name}:{line}  {command}", flush=True)
        log = folder / "serve.log"
        with open(log, "w", encoding="utf-8") as out:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out,
            )
        deadline = time.monotonic() + COMMAND_SECONDS
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        yield Lie(page.name, line, f"does not serve: {command} (it says: {log.read_text()[-300:]!r})")

    def stop(self, page):
        """A server ends with 0 at SIGTERM, as docs/serve.md says."""
        server, self.server, self.port = self.server, None, None
        if server is None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            code = server.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            code = server.wait()
        if code != 0:
            yield Lie(page.name, 1, f"serve ends with {code} at SIGTERM, not 0")


def shell(root, pages, work, bin_folder):
    """Runs the pages' commands. The cache is kept from run to run; everything else is made anew."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEURON_", "HF_"))}
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    environment["NEURON_EMBED_CACHE"] = str(work / "cache")
    environment["HF_HOME"] = str(work / "hub")
    runner = Shell(root, work / "run", environment)
    lies = []
    laid_out = subprocess.run(
        ["neuron-embed", "embed"], input="a text\n", env=environment, capture_output=True, text=True, check=False,
    )
    if laid_out.returncode != 0:
        raise RuntimeError(laid_out.stderr)
    model = next((work / "cache").glob("models-*/*/config.json")).parent
    with hub.serving(model) as endpoint:
        environment["HF_ENDPOINT"] = endpoint
        for page in pages:
            lies += runner.page(page)
    return lies, runner.notes


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    work = root / "target" / "docs-check"
    work.mkdir(parents=True, exist_ok=True)
    bin_folder = root / APP / "bin"
    if not (bin_folder / "neuron-embed").exists():
        sys.exit(f"There is no {APP}: run ./mvnw verify first.")
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\n")
    files = sorted(file for file in files if file and (root / file).exists())
    pages = [Page(root, file) for file in files if file.endswith(".md")]

    lies = [*links(root, pages), *lengths(pages), *words(pages)]
    known = help_options(bin_folder) | python_options(root, rules.PYTHON_PROGRAMS)
    lies += options(pages, known)
    lies += names(root, pages, files)
    jars = os.pathsep.join(str(jar) for jar in sorted((root / APP / "lib").glob("*.jar")))
    lies += java(pages, jars, work / "java")
    lies += [
        Lie(page, 1, f"its Java was run by {test}, which is not there")
        for page, test in rules.JAVA_RUN_ELSEWHERE.items()
        if not (root / test).exists()
    ]
    found, notes = shell(root, pages, work, bin_folder)
    lies += found
    lies += [Lie("docs/check/rules.py", 1, f"no page needs this rule: {rule}") for rule in rules.unused()]
    print("\n".join(notes))
    for lie in sorted(lies):
        print(lie)
    print(f"{len(pages)} pages, {len(lies)} lies")
    return 1 if lies else 0


if __name__ == "__main__":
    sys.exit(main())
