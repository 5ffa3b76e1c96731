"""Checks the calibrated encoder against the one it was made from."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

import calibrate_encoder
import export_encoder
from test_export_encoder import TINY, write_random_encoder

TEXTS = [[1, 5, 9, 2], [1, 7, 7, 30, 12, 2], [1, 21, 2]]
NEAR = 0.98


class CalibratedEncoder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.source = Path(self.folder.name, "source")
        self.model = Path(self.folder.name, "model")
        for folder in (self.source, self.model):
            folder.mkdir()
        write_random_encoder(self.source, TINY, seed=5)
        export_encoder.export(self.source, self.model, "tiny")

    def tearDown(self):
        self.folder.cleanup()

    def calibrate(self, percentage=100.0, texts=TEXTS):
        target = Path(tempfile.mkdtemp(dir=self.folder.name))
        reaches = calibrate_encoder.calibrate(self.model, target, percentage, texts)
        return target, reaches

    def vector(self, graph, ids):
        model = onnx.load(graph)
        return ReferenceEvaluator(model).run(["embeddings"], calibrate_encoder.inputs(model, ids))[0].ravel()

    def test_vectors_stay_near_those_of_the_fp32_graph(self):
        target, reaches = self.calibrate()
        self.assertTrue(all(reach > 0 for reach in reaches.values()))
        for ids in TEXTS:
            exact = self.vector(self.model / export_encoder.GRAPH_FILES["fp32"], ids)
            near = self.vector(target / calibrate_encoder.GRAPH_FILE, ids)
            self.assertGreater(float(exact @ near), NEAR)
            self.assertFalse(np.array_equal(exact, near), "nothing was rounded")

    def test_every_matrix_is_kept_in_8_bits(self):
        target, _ = self.calibrate()
        model = onnx.load(target / calibrate_encoder.GRAPH_FILE, load_external_data=False)
        kinds = [tensor.data_type for tensor in model.graph.initializer if tensor.external_data and len(tensor.dims) == 2]
        self.assertEqual(kinds.count(onnx.TensorProto.INT8), 4 * TINY["num_hidden_layers"])
        onnx.checker.check_model(str(target / calibrate_encoder.GRAPH_FILE))

    def test_a_percentage_narrows_the_ranges(self):
        _, all_of_them = self.calibrate()
        _, most = self.calibrate(percentage=90.0)
        self.assertTrue(all(most[value] < all_of_them[value] for value in most))

    def test_calibrating_twice_gives_the_same_bytes(self):
        first, second = self.calibrate()[0], self.calibrate()[0]
        for file in (calibrate_encoder.GRAPH_FILE, calibrate_encoder.WEIGHTS_FILE):
            self.assertEqual((first / file).read_bytes(), (second / file).read_bytes())

    def test_nothing_to_calibrate_by_is_refused(self):
        for texts, percentage in (([], 100.0), ([[]], 100.0), (TEXTS, 0.0)):
            with self.assertRaises(calibrate_encoder.CalibrationError):
                self.calibrate(percentage, texts)


if __name__ == "__main__":
    unittest.main()
