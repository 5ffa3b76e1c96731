"""Checks what scripts/gpu-check does where there is no device, and how it reads results."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

SCRIPT = Path(__file__).resolve().parent / "gpu-check"


def load():
    loader = importlib.machinery.SourceFileLoader("gpu_check", str(SCRIPT))
    spec = importlib.util.spec_from_loader("gpu_check", loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["gpu_check"] = module
    loader.exec_module(module)
    return module


gpu_check = load()

# A program in place of every binary: what it prints depends on how it is called.
PROGRAM = """#!/bin/sh
case "$*" in
*--ignored*) echo "test a::works ... ok"; echo "test b::breaks ... FAILED"; exit 101 ;;
*--bench*)
    mkdir -p "$CRITERION_HOME/group/cuda/new"
    echo '{"mean": {"point_estimate": 5.0, "confidence_interval": {"lower_bound": 4.0, "upper_bound": 6.0}}}' \\
        > "$CRITERION_HOME/group/cuda/new/estimates.json" ;;
*--calibrate*) echo '{"points": [{"rows": 16, "cpu_microseconds": 1.5, "gpu_microseconds": 30.0}]}' ;;
*inference*) echo '{"figures": [{"what": "'"$COURANT__INFERENCE__PRECISION"'", "value": 7.5, "unit": "texts/s"}]}' ;;
*doctor*) test -e "$COURANT_DEPS/lib/libonnxruntime.so" && echo "gpu 0: a card; TensorRT $COURANT__GPU__TENSORRT" ;;
esac
"""


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def built(self):
        """What --build leaves, with programs that only pretend."""
        folder = self.root / "built"
        (folder / "models").mkdir(parents=True)
        for name in ("device-1", "similarity-2", "courant", "courant-bench"):
            (folder / name).write_text(PROGRAM)
            (folder / name).chmod(0o755)
        manifest = {"commit": "c0ffee", "rustc": "rustc 1", "tests": ["device-1"],
                    "benches": ["similarity-2"], "courant": ["courant"],
                    "bench": ["courant-bench"]}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    def call(self, *arguments, devices=1):
        said = io.StringIO()
        with mock.patch.object(gpu_check, "cuda_devices", return_value=devices), \
                contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = gpu_check.main([str(part) for part in arguments])
        return status, said.getvalue()


class WithoutDevice(Folder):
    def test_one_line_and_no_report(self):
        report = self.root / "report"
        status, said = self.call("--run", self.built(), "--report", report, devices=0)
        self.assertEqual((status, said), (1, "gpu-check: no CUDA device: nothing was measured\n"))
        self.assertFalse(report.exists())

    @unittest.skipIf(gpu_check.cuda_devices(), "there is a CUDA device")
    def test_the_program_says_so_too(self):
        done = subprocess.run([sys.executable, str(SCRIPT), "--run", str(self.built())],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "gpu-check: no CUDA device: nothing was measured\n")
        self.assertEqual(done.stdout, "")


class WithDevice(Folder):
    def runtime(self):
        library = self.root / "capi" / "libonnxruntime.so.1.28.0"
        library.parent.mkdir()
        library.write_text("")
        return library

    def test_a_report_tells_each_result_and_a_failure_fails(self):
        report = self.root / "report"
        status, said = self.call("--run", self.built(), "--onnxruntime", self.runtime(), "--report", report)
        self.assertEqual(status, 1, said)
        found = json.loads(next(report.glob("*.json")).read_text())
        steps = {step["name"]: step for step in found["steps"]}
        self.assertEqual(steps["doctor"]["detail"], "gpu 0: a card; TensorRT false", "it builds no engines")
        self.assertEqual(steps["tests device-1"]["results"],
                         [{"what": "a::works", "outcome": "ok"}, {"what": "b::breaks", "outcome": "failed"}])
        self.assertEqual(steps["bench similarity-2"]["results"][0]["what"], "group/cuda")
        self.assertEqual(steps["calibration"]["results"][1], {"what": "16 rows, gpu", "value": 30.0, "unit": "µs"})
        for name, precision in (("inference cuda", "fp32"), ("inference cuda fp16", "fp16")):
            self.assertEqual(steps[name]["results"][0], {"what": precision, "value": 7.5, "unit": "texts/s"})
        self.assertEqual(steps["inference tensorrt"]["outcome"], "absent", "no libnvinfer")
        text = next(report.glob("*.md")).read_text()
        for part in ("c0ffee", "| b::breaks | failed |", "| group/cuda | 5 ns |"):
            self.assertIn(part, text)

    def test_tensorrt_is_measured_where_its_library_is(self):
        libraries = self.root / "tensorrt_libs"
        libraries.mkdir()
        (libraries / "libnvinfer.so.10").write_text("")
        report = self.root / "report"
        built = self.built()
        runtime = self.runtime()

        def steps():
            self.call("--run", built, "--onnxruntime", runtime, "--libraries", libraries, "--report", report)
            found = json.loads(next(report.glob("*.json")).read_text())["steps"]
            return {step["name"]: step for step in found}

        found = steps()
        self.assertEqual(found["inference tensorrt"]["outcome"], "ok")
        self.assertEqual(found["inference tensorrt int8-static"]["outcome"], "absent", "it was not calibrated")
        (built / "models" / "encoder").mkdir()
        (built / "models" / "encoder" / gpu_check.STATIC_GRAPH).write_text("")
        self.assertEqual(steps()["inference tensorrt int8-static"]["results"][0]["what"], "int8-static")

    def test_what_was_not_built_is_one_line(self):
        status, said = self.call("--run", self.root, "--onnxruntime", self.runtime())
        self.assertEqual((status, said.count("\n")), (1, 1))

    def test_a_step_that_takes_too_long_is_late(self):
        step = gpu_check.run_step("sleep", ["sleep", "9"], 0.2, {"PATH": "/bin:/usr/bin"}, lambda _: [])
        self.assertEqual(step.outcome, "late")

    def test_the_limits_of_all_steps_are_under_eight_minutes(self):
        self.assertLess(gpu_check.WHOLE_LIMIT, 8 * 60)


class Building(unittest.TestCase):
    def test_only_what_can_be_run_is_collected(self):
        messages = [
            {"reason": "compiler-artifact", "executable": None, "target": {"name": "lib"}},
            {"reason": "compiler-artifact", "executable": "/t/device-1", "target": {"name": "device"}},
            {"reason": "build-finished", "success": True},
        ]
        found = gpu_check.executables("\n".join(map(json.dumps, messages)) + "\nnot JSON\n")
        self.assertEqual([of["executable"] for of in found], ["/t/device-1"])


if __name__ == "__main__":
    unittest.main()
