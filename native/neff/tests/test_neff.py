import pathlib
import tempfile
import unittest

import neff
import tiny
from failure import Failure


class NeffTest(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.path = pathlib.Path(temp.name) / "file.neff"

    def read(self, content):
        self.path.write_bytes(content)
        return neff.read(self.path)

    def test_lists_tensors_and_compiler(self):
        for gzipped in (True, False):
            with self.subTest(gzipped=gzipped):
                read = self.read(tiny.neff_bytes({"input0": 16, "input1": 16}, {"output0": 64}, gzipped=gzipped))
                self.assertEqual(read.inputs, {"input0": 16, "input1": 16})
                self.assertEqual(read.outputs, {"output0": 64})
                self.assertEqual(read.compiler_version, "2.0.1+abc")

    def test_tells_when_tensors_are_not_listed(self):
        for members in ({"neff.json": {}}, {"sg00/def.json": []}, {"sg00/def.json": {"var": []}}):
            with self.subTest(members=members):
                read = self.read(tiny.neff_bytes({}, {}, members=members))
                self.assertIsNone(read.inputs)
                self.assertIsNone(read.outputs)
                self.assertIsNone(read.compiler_version)

    def test_refuses_what_is_no_neff(self):
        whole = tiny.neff_bytes({}, {})
        for content in (b"", whole[:1000], whole[:-200], b"\0" * 2000):
            with self.subTest(bytes=len(content)), self.assertRaisesRegex(Failure, "not a complete NEFF file"):
                self.read(content)

    def test_refuses_a_damaged_payload(self):
        whole = bytearray(tiny.neff_bytes({}, {}))
        for damaged in (whole[:1024] + b"\1" * (len(whole) - 1024), whole[:1100] + b"\0" * (len(whole) - 1100)):
            with self.subTest(), self.assertRaisesRegex(Failure, "not a complete tar"):
                self.read(bytes(damaged))


if __name__ == "__main__":
    unittest.main()
