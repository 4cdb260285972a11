"""The check finds each kind of lie, at its line, and lets a true page be."""

import os
import pathlib
import tempfile
import textwrap
import unittest

import check
import rules

SOURCE = """
class Program {
  String variable = System.getenv("NEURON_EMBED_CACHE");
  String property = System.getProperty("neuronembed.native.path");
  Timer timer = registry.timer("embedding.requests");
  class SlowException extends Exception {}
}
"""
PROGRAM = """#!/bin/sh
case "$*" in
  --help) printf '  embed      Embed.\\n  make-model Make.\\n' ;;
  *--help) echo '  --model <DIR>' ;;
  *fail*) echo 'it went wrong' >&2; exit 1 ;;
esac
"""
TRUE = """
# A page

[itself](#a-page), [the source](Program.java). `NEURON_EMBED_CACHE` and `-Dneuronembed.native.path`, `embed --model`.
`embedding.requests`, and `embedding_requests_seconds_count` in Prometheus; `SlowException`.

```sh
neuron-embed embed --model x   # it's a comment
```
"""


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "Program.java").write_text(SOURCE)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        (self.bin / "neuron-embed").write_text(PROGRAM)
        (self.bin / "neuron-embed").chmod(0o755)

    def lies(self, text, files=("Program.java",)):
        (self.root / "page.md").write_text(textwrap.dedent(text).lstrip("\n"))
        pages = [check.Page(self.root, "page.md")]
        environment = os.environ | {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        runner = check.Shell(self.root, self.root / "run", environment)
        found = [
            *check.links(self.root, pages),
            *check.lengths(pages),
            *check.words(pages),
            *check.options(pages, check.help_options(self.bin)),
            *check.names(self.root, pages, files),
            *check.java(pages, str(self.root), self.root / "java"),
            *runner.page(pages[0]),
        ]
        return [str(lie) for lie in found]

    def assert_lie(self, text, expected):
        self.assertTrue(any(lie.startswith(expected) for lie in self.lies(text)), self.lies(text))

    def test_lets_a_true_page_be(self):
        self.assertEqual(self.lies(TRUE), [])

    def test_finds_a_link_that_leads_nowhere(self):
        self.assert_lie("first\n\n[x](missing.md)", "page.md:3: the link missing.md leads nowhere")

    def test_finds_a_long_line(self):
        self.assert_lie("word " * 25, "page.md:1: the line has 125 characters")
        self.assert_lie("```sh\n: " + "word " * 25 + "\n```", "page.md:2: the line has 127 characters")
        self.assertFalse([lie for lie in self.lies("| " + "word " * 25) if "characters" in lie])
        self.assertFalse([lie for lie in self.lies("```\n" + "word " * 25 + "\n```") if "characters" in lie])

    def test_finds_an_unclear_word(self):
        self.assert_lie("first\nUnless told otherwise", "page.md:2: 'told' is unclear: write says, reports, passes")
        self.assertFalse([lie for lie in self.lies("the option `told`") if "unclear" in lie])

    def test_finds_an_anchor_without_a_heading(self):
        self.assert_lie("# One\n[x](#two)", "page.md:2: the link #two names no heading")

    def test_finds_a_path_that_is_not_there(self):
        self.assert_lie("see `docs/nothing.md`", "page.md:1: there is no docs/nothing.md")

    def test_finds_an_option_that_no_command_has(self):
        self.assert_lie("pass `--modle`", "page.md:1: --modle is no option of any command")

    def test_finds_an_option_of_another_command(self):
        self.assert_lie("```sh\nneuron-embed embed --size 1\n```", "page.md:2: --size is no option of embed")

    def test_finds_a_variable_that_nothing_reads(self):
        self.assert_lie("set `NEURON_EMBED_CASH`", "page.md:1: nothing reads the environment variable NEURON_EMBED_CASH")

    def test_finds_a_variable_that_only_a_message_of_the_program_has(self):
        (self.root / "Other.java").write_text('\nString remedy = "Set NEURON_EMBED_CASH.";\n')
        lies = self.lies(TRUE, ("Program.java", "Other.java"))
        self.assertEqual(lies, ["Other.java:2: nothing reads the environment variable NEURON_EMBED_CASH"])

    def test_finds_a_property_that_nothing_reads(self):
        self.assert_lie("`-Dneuronembed.path=x`", "page.md:1: nothing reads the system property neuronembed.path")

    def test_finds_what_no_page_tells_of(self):
        self.assert_lie("nothing", "Program.java:3: no page tells of the environment variable NEURON_EMBED_CACHE")
        self.assert_lie("nothing", "Program.java:4: no page tells of the system property neuronembed.native.path")

    def test_finds_a_metric_that_is_none(self):
        self.assert_lie("watch `embedding_latency`", "page.md:1: there is no metric embedding_latency")

    def test_finds_an_exception_that_is_none(self):
        self.assert_lie("catch `FastException`", "page.md:1: there is no FastException")

    def test_finds_java_that_does_not_compile(self):
        lies = self.lies("text\n\n```java\nint a = 1;\nint b = none;\n```")
        self.assertIn("page.md:5: the Java does not compile: cannot find symbol", lies)

    def test_finds_a_command_that_fails(self):
        lies = self.lies("```sh\ntrue\nneuron-embed embed fail\n```")
        self.assertIn("page.md:3: ends with 1, not 0: neuron-embed embed fail (it says: it went wrong)", lies)

    def test_finds_a_server_that_does_not_come_up(self):
        self.assert_lie("```sh\nneuron-embed serve --port 8080\n```", "page.md:2: does not serve")

    def test_finds_a_missing_script_that_it_does_not_run(self):
        rule = rules.Rule("page.md", r"^\./", "for this test")
        rules.NOT_RUN.append(rule)
        self.addCleanup(rules.NOT_RUN.remove, rule)
        self.assert_lie("```sh\n./gone.sh\n```", "page.md:2: there is no gone.sh")

    def test_splits_a_block_into_commands(self):
        block = check.Block("sh", 10, "# only\na 'b # c'  # d\ne \\\n  f\n\ng '\nh'\n")
        self.assertEqual(list(check.commands(block)), [(11, "a 'b # c'"), (12, "e   f"), (15, "g '\nh'")])


if __name__ == "__main__":
    unittest.main()
