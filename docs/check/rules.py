"""What the check of the documentation does not take as it is written, and why. Each rule is for one page's commands."""

import dataclasses
import re


@dataclasses.dataclass(eq=False)
class Rule:
    page: str
    pattern: str  # searched in the command
    reason: str
    value: object = None
    used: bool = False

    def __str__(self):
        return f"{self.page} {self.pattern}"


# Not run at all. The programs that they run must exist.
NOT_RUN = [
    Rule("README.md", r"^\./(quickstart\.sh|mvnw verify)", "it is what was built before"),
    Rule("docs/operations.md", r"^python3 native/neff/compile_neff.py", "needs the Neuron SDK"),
    Rule("docs/spark.md", r"^spark-submit ", "needs an installation of Spark"),
    Rule("docs/spark.md", r"discover-neuroncores\.sh", "DiscoveryScriptTest runs the script"),
    Rule("docs/releasing.md", r"^osv-scanner |dependency-check", "needs a database of vulnerabilities"),
    Rule("examples/search/README.md", r"^(mvn|gradle|java) ", "examples/check.sh runs it"),
    Rule("examples/modules/README.md", r"^(mvn|java) ", "examples/check.sh runs it"),
    Rule("examples/search/README.md", r"^\./pgvector\.sh ", "installs packages"),
    Rule("examples/rerank/README.md", r"^mvn |--reranker ", "examples/check.sh runs it"),
    Rule("native/README.md", r"^cmake ", "Maven builds the same"),
    Rule("native/README.md", r"^git clone |^build/emulator/tests/emulator_test ", "needs the vendor's repository"),
    Rule("native/neff/README.md", r"^source /opt/aws_neuronx", "needs the Neuron SDK"),
    Rule("native/neff/README.md", r"^python3 compile_neff.py ", "needs the Neuron SDK"),
    Rule("native/neff/README.md", r"^apt-get ", "installs packages"),
    Rule("native/neff/README.md", r"^native/neff/check.sh", "CI runs it by itself"),
    Rule("native/src/emulator/README.md", r"^cc app.c|\./app$", "a program of the reader's"),
    Rule("tools/golden/README.md", r"^apt-get |^mvn ", "installs packages"),
    Rule("tools/golden/README.md", r"small_models.py", "needs onnx"),
    Rule("tools/golden/README.md", r"make_golden.py|unittest", "takes a minute and a half; needs numpy and onnx"),
    Rule("tools/clients/java/README.md", r"^tools/clients/java/check.sh", "CI runs it by itself"),
    Rule("deploy/README.md", r"^(docker|kubectl) ", "needs a container engine or a cluster"),
    Rule("tools/clients/node/README.md", r"^(neuron-embed serve &|cd |npm )", "by hand; needs packages of npm"),
    Rule("measurements/corpus/README.md", r"mkdir|make_corpus.py", "needs packages of Debian"),
]

# Run with --help behind, and without what it is piped into: every option has to exist, nothing happens.
PARSED_ONLY = [
    Rule("docs/operations.md", r"^neuron-embed .*(--take-cores|--backend neuron|MODEL)", "needs NeuronCores"),
    Rule("docs/benchmark.md", r"--backend neuron", "needs NeuronCores"),
    Rule("docs/serve.md", r"--host 0\.0\.0\.0", "listens to everybody"),
    Rule("docs/serve.md", r"--reranker ", "needs a cross-encoder"),
    Rule("docs/command-line.md", r"^neuron-embed serve --reranker ", "needs a cross-encoder"),
]

# A cross-encoder with random weights, seen from a page's folder.
RERANKER = "../../../../java-api/src/test/resources/io/github/neuronembed/small/xlm-roberta-reranker"

BRIEFLY = "--duration 0.2 --warm-up 0.2"

# Run with another text in place of the pattern.
CHANGED = [
    Rule("docs/command-line.md", r"(neuron-embed rerank --model )\S+", "a small model", r"\1" + RERANKER),
    Rule("docs/serve.md", r"^(neuron-embed serve)$", "for /rerank", r"\1 --reranker " + RERANKER),
    Rule("docs/command-line.md", r"--sequence-lengths 64,256 (.*)--duration 10", "for time", r"--sequence-lengths 64 \1" + BRIEFLY),
    Rule(
        "docs/command-line.md",
        r'--model "\$\(neuron-embed make-model --size base\)"',
        "for time",
        '--model "$(neuron-embed make-model --size small)"'
        " --batch-sizes 1 --sequence-lengths 64 " + BRIEFLY,
    ),
    Rule("docs/benchmark.md", r"--sequence-lengths 64,256", "for time", "--sequence-lengths 64 " + BRIEFLY),
]

# Ends with another exit code than 0.
EXIT = [
    Rule("docs/benchmark.md", r"^neuron-embed compare", "a run this short gives no verdict", 3),
    Rule("docs/operations.md", r"^neuron-embed doctor", "a machine without devices lacks something", 1),
    Rule("docs/command-line.md", r"^neuron-embed doctor", "a machine without devices lacks something", 1),
]

# Words that a reader from outside of the project did not understand, and what to write instead.
UNCLEAR = {
    r"\btold\b": "says, reports, passes",
    r"\bis had\b": "exists, is available",
    r"\bunder way\b": "in flight, current",
    r"\b(its|their) company\b": "the other texts in the batch",
    r"\bpatience\b": "timeout",
    r"\bat hand\b": "this, current",
    r"\bfor good\b": "permanently",
    r"\bwaits? for room\b": "waits for space",
    r"\bwho (has|gives|takes|compares|comes|leaves)\b": "if you",
    r"\bstands? (beside|for|in|before)\b": "is",
}

# Files that the pages' commands read.
SAMPLES = {
    "texts.txt": "The moon pulls the sea towards it.\nLet the dough rest until it has doubled in size.\n",
    "queries.txt": "why is there high and low water\n",
    "texts.jsonl": '{"id": "a", "text": "The moon pulls the sea.", "type": "passage"}\n'
    '{"id": "b", "text": "why are there tides", "type": "query"}\n',
}

# The Java of these pages is run by a test, which also compares it with the page.
JAVA_RUN_ELSEWHERE = {
    "docs/langchain4j.md": "integrations/langchain4j/src/test/java/io/github/neuronembed/langchain4j/HelpDeskSearchTest.java",
    "docs/spark.md": "integrations/spark/src/test/java/io/github/neuronembed/spark/HelpDeskSearchTest.java",
    "docs/spring-ai.md": "integrations/spring-ai/src/test/java/io/github/neuronembed/springai/HelpDeskSearchTest.java",
}

# Programs of ours with options by argparse.
PYTHON_PROGRAMS = [
    "native/neff/compile_neff.py",
    "tools/golden/make_golden.py",
    "measurements/corpus/make_corpus.py",
]

# Options of other programs that the pages name.
FOREIGN_OPTIONS = {
    "--add-modules": "java",
    "--archives": "spark-submit",
    "--auto-cast": "neuronx-cc",
    "--build-arg": "docker",
    "--cpunodebind": "numactl",
    "--device": "docker",
    "--enable-native-access": "java",
    "--implicit-integer-downcast": "neuronx-cc",
    "--jars": "spark-submit",
    "--logical-nc-config": "neuronx-cc",
    "--native-int64": "neuronx-cc",
    "--packages": "spark-submit",
    "--target": "neuronx-cc",
}


def first(table, page, command):
    for rule in table:
        if rule.page == page and re.search(rule.pattern, command):
            rule.used = True
            return rule
    return None


def every(table, page, command):
    for rule in table:
        if rule.page == page and re.search(rule.pattern, command):
            rule.used = True
            yield rule


def unused():
    return [rule for table in (NOT_RUN, PARSED_ONLY, CHANGED, EXIT) for rule in table if not rule.used]
